//! A pod.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use domain::{ContainerRole, ContainerState, Pod, Presence, Readiness};
use serde_json::Value;

use super::HASH_LABEL;
use super::container::containers;
use crate::field::{self, MESSAGE, WORD};

/// Waiting reasons of a pod that merely starts.
const STARTING: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// The pod, unless it lacks name, uid or the label of a Rollout's template.
pub(crate) fn pod(object: &Value) -> Option<Pod> {
    let ready = field::items(object, "/status/conditions")
        .find(|condition| field::text(condition, "/type", WORD) == "Ready")
        .is_some_and(|condition| field::text(condition, "/status", WORD) == "True");
    let leaving = object.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null());
    Some(Pod {
        name: field::parsed(object, "/metadata/name")?,
        uid: field::parsed(object, "/metadata/uid")?,
        hash: field::parsed(object, HASH_LABEL)?,
        phase: field::text(object, "/status/phase", WORD),
        reason: field::text(object, "/status/reason", WORD),
        message: field::text(object, "/status/message", MESSAGE),
        readiness: if ready { Readiness::Ready } else { Readiness::NotReady },
        presence: if leaving { Presence::Leaving } else { Presence::Staying },
        created_at: field::time(object, "/metadata/creationTimestamp").unwrap_or(DateTime::<Utc>::UNIX_EPOCH),
        containers: containers(object),
    })
}

/// Sorts pods with trouble first, then newest, then by name.
pub(crate) fn by_trouble(pods: &mut [Pod]) {
    pods.sort_by_cached_key(|pod| (Reverse(trouble(pod)), Reverse(pod.created_at), pod.name.clone()));
}

/// How often the container was restarted; the pod as the API server shows it.
pub(crate) fn restarts(object: &Value, container: &str) -> u64 {
    status(object, container).and_then(|status| field::number(status, "/restartCount")).unwrap_or(0)
}

/// Whether the container has ended and no other will take its place in this pod.
pub(crate) fn stays_ended(object: &Value, container: &str) -> bool {
    let ended = status(object, container).is_some_and(|status| status.pointer("/state/terminated").is_some());
    let leaving = object.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null());
    let once = field::items(object, "/spec/initContainers").any(|init| {
        field::text(init, "/name", WORD) == container
            && field::text(init, "/restartPolicy", WORD) != "Always"
            && status(object, container)
                .is_some_and(|status| field::number(status, "/state/terminated/exitCode") == Some(0))
    });
    let never = field::text(object, "/spec/restartPolicy", WORD) == "Never";
    is_over(object) || (ended && (leaving || never || once))
}

/// Whether every container of the pod has ended for good.
fn is_over(object: &Value) -> bool {
    matches!(field::text(object, "/status/phase", WORD).as_str(), "Succeeded" | "Failed")
}

fn status<'a>(object: &'a Value, container: &str) -> Option<&'a Value> {
    ["/status/containerStatuses", "/status/initContainerStatuses"]
        .into_iter()
        .flat_map(|pointer| field::items(object, pointer))
        .find(|status| field::text(status, "/name", WORD) == container)
}

/// How much there is to see: an app container that ended badly, one that waits for a reason, a restart, a pod not Ready.
fn trouble(pod: &Pod) -> u8 {
    let app = pod.containers.iter().filter(|container| container.role != ContainerRole::Sidecar);
    let worst = app.map(|container| {
        let ended_badly = match &container.state {
            ContainerState::Terminated(ended) => ended.exit_code != 0,
            _ => container.last_termination.as_ref().is_some_and(|last| last.exit_code != 0),
        };
        let held_up = matches!(&container.state, ContainerState::Waiting { reason, .. }
            if !reason.is_empty() && !STARTING.contains(&reason.as_str()));
        match (ended_badly, held_up, container.restarts > 0) {
            (true, ..) => 4,
            (_, true, _) => 3,
            (.., true) => 2,
            _ => 0,
        }
    });
    let unready = u8::from(pod.readiness == Readiness::NotReady);
    worst.max().unwrap_or(0).max(unready)
}

#[cfg(test)]
mod tests {
    use domain::{Container, Termination};
    use serde_json::json;

    use super::*;

    fn object() -> Value {
        json!({
            "metadata": {
                "name": "shop-86686d4656-x", "uid": "u-1", "creationTimestamp": "2026-11-24T02:31:02Z",
                "labels": {"rollouts-pod-template-hash": "86686d4656"},
            },
            "spec": {
                "initContainers": [
                    {"name": "migrate", "image": "migrate:1"},
                    {"name": "log-shipper", "image": "ship:1", "restartPolicy": "Always"},
                    {"name": "istio-init", "image": "istio:1"},
                ],
                "containers": [{"name": "shop", "image": "shop:1.1.0"}, {"name": "linkerd-proxy", "image": "l:1"}],
            },
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "False"}],
                "initContainerStatuses": [{
                    "name": "migrate", "ready": true, "restartCount": 0, "imageID": "docker.io/migrate@sha256:aa",
                    "state": {"terminated": {"exitCode": 0, "reason": "Completed"}},
                }],
                "containerStatuses": [{
                    "name": "shop", "ready": false, "restartCount": 3, "imageID": "",
                    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
                    "lastState": {"terminated": {
                        "exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-24T02:32:00Z",
                    }},
                }],
            },
        })
    }

    #[test]
    fn init_and_sidecar_containers_are_told_apart_from_the_apps_own() {
        let roles: Vec<_> =
            pod(&object()).unwrap().containers.into_iter().map(|c| (c.name.to_string(), c.role)).collect();
        let expected = [
            ("migrate", ContainerRole::Init),
            ("log-shipper", ContainerRole::Sidecar),
            ("istio-init", ContainerRole::Sidecar),
            ("shop", ContainerRole::App),
            ("linkerd-proxy", ContainerRole::Sidecar),
        ];
        assert_eq!(roles, expected.map(|(name, role)| (name.to_owned(), role)));
    }

    #[test]
    fn a_crashed_container_keeps_its_last_termination() {
        let read = pod(&object()).unwrap();
        let expected = Container {
            name: "shop".parse().unwrap(),
            role: ContainerRole::App,
            image: "shop:1.1.0".into(),
            image_id: String::new(),
            restarts: 3,
            readiness: Readiness::NotReady,
            state: ContainerState::Waiting { reason: "CrashLoopBackOff".into(), message: "back-off".into() },
            last_termination: Some(Termination {
                exit_code: 137,
                reason: "OOMKilled".into(),
                message: String::new(),
                started_at: None,
                finished_at: Some("2026-11-24T02:32:00Z".parse().unwrap()),
            }),
        };
        assert_eq!(read.containers[3], expected);
        assert_eq!(read.containers[0].image_id, "sha256:aa");
        assert_eq!((read.readiness, read.presence), (Readiness::NotReady, Presence::Staying));
    }

    #[test]
    fn trouble_comes_first_then_the_newest() {
        let quiet = |name: &str, created: &str| {
            let mut object = object();
            object["metadata"]["name"] = json!(name);
            object["metadata"]["creationTimestamp"] = json!(created);
            object["status"]["conditions"][0]["status"] = json!("True");
            object["status"]["containerStatuses"] = json!([]);
            pod(&object).unwrap()
        };
        let old = quiet("old", "2026-11-24T01:00:00Z");
        let mut pods = [old.clone(), quiet("new", "2026-11-24T03:00:00Z"), pod(&object()).unwrap()];
        by_trouble(&mut pods);
        let names: Vec<_> = pods.iter().map(|pod| pod.name.as_str()).collect();
        assert_eq!(names, ["shop-86686d4656-x", "new", "old"]);
    }

    #[test]
    fn a_container_stays_ended_when_its_pod_leaves_or_is_over_and_not_when_it_will_be_restarted() {
        let mut object = object();
        assert!(!stays_ended(&object, "shop"), "it waits for its next start");
        assert!(stays_ended(&object, "migrate"), "an init container runs once");
        object["status"]["containerStatuses"][0]["state"] = json!({"terminated": {"exitCode": 1}});
        assert!(!stays_ended(&object, "shop"), "it will be restarted");
        object["metadata"]["deletionTimestamp"] = json!("2026-11-24T02:33:00Z");
        assert!(stays_ended(&object, "shop"));
        assert_eq!(pod(&object).unwrap().presence, Presence::Leaving);
        object["metadata"]["deletionTimestamp"] = Value::Null;
        object["status"]["phase"] = json!("Failed");
        assert!(stays_ended(&object, "shop"));
    }
}
