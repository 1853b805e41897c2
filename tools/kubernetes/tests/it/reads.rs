use domain::Remedy;
use domain::ports::Cluster;
use serde_json::{Value, json};
use testbed::kubernetes::{KubernetesOptions, Rule, Token};
use tool_kubernetes::{ClusterSettings, Connection, KubernetesCluster, connect};

use crate::support::*;

fn replica_set(hash: &str, revision: &str, owner: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", owner["metadata"]["name"].as_str().unwrap()), "namespace": "shop",
            "labels": {"rollouts-pod-template-hash": hash},
            "annotations": {"rollout.argoproj.io/revision": revision},
            "ownerReferences": [{
                "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "controller": true,
                "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
            }],
        },
        "spec": {"template": {"spec": {"containers": [{"name": "app", "image": format!("shop:{revision}")}]}}},
    })
}

fn event(name: &str, about: &Value, kind: &str, at: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": "shop"},
        "involvedObject": {
            "kind": kind, "namespace": "shop", "name": about["metadata"]["name"], "uid": about["metadata"]["uid"],
        },
        "type": "Warning", "reason": name, "message": "m", "count": 2, "lastTimestamp": at,
    })
}

#[tokio::test]
async fn what_belongs_to_a_rollout_is_found_and_what_belongs_to_another_is_not() {
    let place = Place::start().await;
    let store = place.store();
    let shop = store.create(rollout("shop")).unwrap();
    let other = store.create(rollout("shop-api")).unwrap();
    for (name, owner) in [("shop-2", &shop), ("shop-1", &shop), ("shop-api-1", &other)] {
        store.create(run(name, owner)).unwrap();
    }
    store.create(replica_set(CANARY, "2", &shop)).unwrap();
    store.create(replica_set(STABLE, "1", &shop)).unwrap();
    store.create(replica_set(STABLE, "9", &other)).unwrap();
    let cluster = place.cluster().await;
    let seen = cluster.rollout(&rollout_ref("shop")).await.unwrap().unwrap();
    assert_eq!(seen.canary().unwrap().as_str(), CANARY);
    assert_eq!(cluster.rollout(&rollout_ref("none")).await.unwrap(), None);
    let mut runs: Vec<_> =
        cluster.analysis_runs(&seen).await.unwrap().iter().map(|run| run.name.to_string()).collect();
    runs.sort();
    assert_eq!(runs, ["shop-1", "shop-2"]);
    let sets = cluster.replica_sets(&seen).await.unwrap();
    let sets: Vec<_> = sets.iter().map(|set| (set.hash.as_str(), set.revision)).collect();
    assert_eq!(sets, [(STABLE, Some(1)), (CANARY, Some(2))]);
}

#[tokio::test]
async fn events_are_those_about_the_rollout_and_the_pods_oldest_first_and_bounded() {
    let place = Place::start().await;
    let store = place.store();
    let shop = store.create(rollout("shop")).unwrap();
    let mine = store.create(pod("a")).unwrap();
    let other = store.create(pod("b")).unwrap();
    store.create(event("second", &mine, "Pod", "2026-11-24T02:00:02Z")).unwrap();
    store.create(event("first", &shop, "Rollout", "2026-11-24T02:00:01Z")).unwrap();
    store.create(event("foreign", &other, "Pod", "2026-11-24T02:00:03Z")).unwrap();
    let cluster = place.cluster().await;
    let rollout = cluster.rollout(&rollout_ref("shop")).await.unwrap().unwrap();
    let pods = cluster.pods(&"shop".parse().unwrap(), &CANARY.parse().unwrap(), 10).await.unwrap();
    let mine: Vec<_> = pods.into_iter().filter(|pod| pod.name.as_str() == "a").collect();
    let reasons = |events: Vec<domain::ClusterEvent>| {
        events.into_iter().map(|event| (event.about, event.reason, event.count)).collect::<Vec<_>>()
    };
    assert_eq!(
        reasons(cluster.events(&rollout, &mine).await.unwrap()),
        [("Rollout/shop".into(), "first".into(), 2), ("Pod/a".into(), "second".into(), 2)]
    );
    for number in 0..300 {
        let at = format!("2026-11-24T03:{:02}:{:02}Z", number / 60, number % 60);
        store.create(event(&format!("e{number:03}"), &shop, "Rollout", &at)).unwrap();
    }
    let many = reasons(cluster.events(&rollout, &mine).await.unwrap());
    assert_eq!((many.len(), many[0].1.as_str(), many[199].1.as_str()), (200, "e100", "e299"));
}

#[tokio::test]
async fn of_many_pods_only_so_many_are_given() {
    let place = Place::start().await;
    for number in 0..60 {
        place.store().create(pod(&format!("p{number}"))).unwrap();
    }
    let cluster = place.cluster().await;
    let pods = cluster.pods(&"shop".parse().unwrap(), &CANARY.parse().unwrap(), 5).await.unwrap();
    assert_eq!(pods.len(), 5);
}

#[tokio::test]
async fn the_cluster_is_told_by_its_name_or_by_the_uid_of_kube_system() {
    let options = KubernetesOptions { cluster_uid: "c-1".into(), ..KubernetesOptions::default() };
    let place = Place::with(options).await;
    assert_eq!(place.cluster().await.cluster_id().await.unwrap().as_str(), "c-1");
    let named = ClusterSettings { name: Some("eu-1".parse().unwrap()), ..ClusterSettings::default() };
    assert_eq!(place.cluster_with(named).await.cluster_id().await.unwrap().as_str(), "eu-1");
}

#[tokio::test]
async fn the_rights_of_the_deployment_are_enough_and_no_secret_is_ever_read() {
    let rules = vec![
        Rule::new(&["get", "list", "watch"], &["rollouts", "analysisruns", "replicasets", "pods"], &["*"]),
        Rule::new(&["get"], &["pods/log", "namespaces"], &["*"]),
        Rule::new(&["get", "list", "watch", "create", "patch"], &["events"], &["*"]),
    ];
    let tokens = vec![Token::limited("t", "system:serviceaccount:rollmend:rollmend", rules)];
    let place = Place::with(KubernetesOptions { tokens, ..KubernetesOptions::default() }).await;
    let _kubelet = place.kubelet();
    place.store().create(rollout("shop")).unwrap();
    place.canary("a").await;
    let cluster = KubernetesCluster::new(place.client("t").await, ClusterSettings::default());
    let shop = cluster.rollout(&rollout_ref("shop")).await.unwrap().unwrap();
    cluster.cluster_id().await.unwrap();
    let pods = cluster.pods(&"shop".parse().unwrap(), &CANARY.parse().unwrap(), 10).await.unwrap();
    cluster.analysis_runs(&shop).await.unwrap();
    cluster.replica_sets(&shop).await.unwrap();
    cluster.events(&shop, &pods).await.unwrap();
    let span = domain::ports::LogSpan { since: None, tail_lines: None, limit_bytes: 1000 };
    cluster.log(&source("a", pods[0].uid.as_str()), span).await.unwrap();
    until(&mut cluster.changes(), |change| *change == domain::ports::Change::Listed).await;
    assert_eq!(place.api.secret_reads(), []);
    let writes: Vec<_> = place.api.wire().asked().into_iter().filter(|asked| asked.method != "GET").collect();
    assert_eq!(writes, []);
}

#[tokio::test]
async fn a_way_to_the_cluster_that_does_not_exist_says_what_to_do() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let nowhere = Connection::Kubeconfig { path: "/nowhere/config".into(), context: None };
    let error = connect(&nowhere).await.err().unwrap().to_string();
    assert!(error.starts_with("use the kubeconfig /nowhere/config:"), "{error}");
    assert!(error.contains("check the path"), "{error}");
    // A test that runs in a pod has a service account.
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
        let in_cluster = connect(&Connection::InCluster).await.err().unwrap().to_string();
        assert!(in_cluster.contains("automountServiceAccountToken"), "{in_cluster}");
    }
    let place = Place::start().await;
    let stranger = KubernetesCluster::new(place.client("unknown").await, ClusterSettings::default());
    let failure = stranger.rollout(&rollout_ref("shop")).await.unwrap_err();
    assert!(matches!(failure.remedy, Remedy::AskHuman { advice } if advice.contains("token")));
}
