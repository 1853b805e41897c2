use domain::ports::Cluster;
use domain::{ContainerState, Pod, Presence};
use testbed::kubelet::Termination;
use testbed::kubernetes::Kind;

use crate::support::*;

fn names(pods: &[Pod]) -> Vec<(&str, Presence)> {
    pods.iter().map(|pod| (pod.name.as_str(), pod.presence)).collect()
}

#[tokio::test]
async fn the_whole_list_comes_at_each_change_and_a_gone_pod_once_more_as_it_was_last() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    place.canary("a").await;
    place.canary("b").await;
    let cluster = place.cluster().await;
    let mut changes = cluster.pod_changes(&"shop".parse().unwrap(), &CANARY.parse().unwrap());
    let first = until(&mut changes, |_: &Vec<Pod>| true).await.remove(0);
    assert_eq!(names(&first), [("a", Presence::Staying), ("b", Presence::Staying)]);

    kubelet.terminate("shop", "a", "app", &Termination::out_of_memory());
    let is_ended = |pods: &Vec<Pod>| matches!(&pods[0].containers[0].state, ContainerState::Terminated(ended) if ended.reason == "OOMKilled");
    let seen = until(&mut changes, is_ended).await;
    assert_eq!(seen.last().unwrap().len(), 2);

    place.store().delete(Kind::Pod, "shop", "a").unwrap();
    let seen = until(&mut changes, |pods| pods.len() == 1 || is_gone(pods)).await;
    let last = seen.last().unwrap();
    assert_eq!(names(last), [("a", Presence::Leaving), ("b", Presence::Staying)]);
    assert!(is_ended(last), "its last status is kept");
}

fn is_gone(pods: &[Pod]) -> bool {
    pods.iter().any(|pod| pod.presence == Presence::Leaving)
}

#[tokio::test]
async fn a_pod_that_goes_while_the_api_server_is_down_is_reported_as_leaving() {
    let place = Place::start().await;
    place.store().create(pod("a")).unwrap();
    place.store().create(pod("b")).unwrap();
    let cluster = place.cluster().await;
    let mut changes = cluster.pod_changes(&"shop".parse().unwrap(), &CANARY.parse().unwrap());
    until(&mut changes, |pods| pods.len() == 2).await;
    place.api.wire().stop().await;
    place.store().delete(Kind::Pod, "shop", "b").unwrap();
    place.api.compact(testbed::kubernetes::Gone::ByEvent);
    place.api.wire().restart().await.unwrap();
    let seen = until(&mut changes, |pods: &Vec<Pod>| is_gone(pods)).await;
    assert_eq!(names(seen.last().unwrap()), [("a", Presence::Staying), ("b", Presence::Leaving)]);
    place.store().create(pod("c")).unwrap();
    let seen = until(&mut changes, |_: &Vec<Pod>| true).await;
    assert_eq!(names(&seen[0]), [("a", Presence::Staying), ("c", Presence::Staying)], "gone is said once");
}

#[tokio::test]
async fn pods_of_another_hash_are_not_seen() {
    let place = Place::start().await;
    let mut other = pod("other");
    other["metadata"]["labels"]["rollouts-pod-template-hash"] = STABLE.into();
    place.store().create(other).unwrap();
    place.store().create(pod("mine")).unwrap();
    let cluster = place.cluster().await;
    let mut changes = cluster.pod_changes(&"shop".parse().unwrap(), &CANARY.parse().unwrap());
    let seen = until(&mut changes, |_: &Vec<Pod>| true).await;
    assert_eq!(names(&seen[0]), [("mine", Presence::Staying)]);
}
