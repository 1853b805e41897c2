//! The API server's stand-in, as a real client sees it.

use std::pin::pin;

use crate::cluster::{Cluster, pod};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{Event, Namespace, Pod, Secret};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams},
    core::{ApiResource, GroupVersionKind},
    runtime::{WatchStreamExt, watcher},
};
use serde_json::json;
use testbed::kubernetes::{CustomResources, Gone, InitialEvents, Kind, KubernetesOptions, Rule, Token};

fn rollouts() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Rollout"))
}

fn rollout(name: &str) -> serde_json::Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"replicas": 1},
    })
}

/// The refusal of a call, as (code, reason, message).
fn refusal<T: std::fmt::Debug>(result: kube::Result<T>) -> (u16, String, String) {
    match result {
        Err(kube::Error::Api(status)) => (status.code, status.reason.clone(), status.message.clone()),
        other => panic!("not refused by the server: {other:?}"),
    }
}

#[tokio::test]
async fn a_list_is_selected_by_labels_and_fields_and_comes_in_pages() {
    let cluster = Cluster::start().await;
    for (name, role) in [("a", "stable"), ("b", "canary"), ("c", "canary"), ("d", "canary")] {
        cluster.store().create(pod(name, json!({"app": "shop", "role": role}))).unwrap();
    }
    let pods: Api<Pod> = cluster.api("shop").await;
    let names = async |params: ListParams| {
        pods.list(&params).await.unwrap().items.iter().map(ResourceExt::name_any).collect::<Vec<_>>()
    };
    assert_eq!(names(ListParams::default().labels("app=shop,role=canary")).await, ["b", "c", "d"]);
    assert_eq!(names(ListParams::default().labels("role in (stable),app")).await, ["a"]);
    assert_eq!(names(ListParams::default().labels("role notin (canary, other)")).await, ["a"]);
    assert_eq!(names(ListParams::default().labels("role!=canary,!tier")).await, ["a"]);
    assert_eq!(names(ListParams::default().fields("metadata.name=c")).await, ["c"]);

    let first = pods.list(&ListParams::default().limit(3)).await.unwrap();
    cluster.store().create(pod("aa", json!({}))).unwrap();
    let place = first.metadata.continue_.clone().unwrap();
    let second = pods.list(&ListParams::default().limit(3).continue_token(&place)).await.unwrap();
    let all: Vec<_> = first.items.iter().chain(&second.items).map(ResourceExt::name_any).collect();
    assert_eq!(all, ["a", "b", "c", "d"], "a paged list is as it was when it began");
    assert_eq!(first.metadata.remaining_item_count, Some(1));
    assert_eq!(second.metadata.continue_, None);
}

#[tokio::test]
async fn refusals_have_the_api_servers_words() {
    let cluster = Cluster::start().await;
    cluster.store().create(pod("a", json!({}))).unwrap();
    let pods: Api<Pod> = cluster.api("shop").await;
    assert_eq!(
        refusal(pods.get("none").await),
        (404, "NotFound".to_owned(), "pods \"none\" not found".to_owned())
    );
    let taken: Pod = serde_json::from_value(pod("a", json!({}))).unwrap();
    assert_eq!(
        refusal(pods.create(&PostParams::default(), &taken).await),
        (409, "AlreadyExists".to_owned(), "pods \"a\" already exists".to_owned())
    );
    let mut stale = pods.get("a").await.unwrap();
    cluster
        .store()
        .update(Kind::Pod, "shop", "a", |pod| pod["metadata"]["labels"] = json!({"x": "y"}))
        .unwrap();
    stale.metadata.labels = Some([("x".to_owned(), "z".to_owned())].into());
    let (code, reason, message) = refusal(pods.replace("a", &PostParams::default(), &stale).await);
    assert_eq!((code, reason.as_str()), (409, "Conflict"));
    assert!(message.starts_with("Operation cannot be fulfilled on pods \"a\": the object has been modified"));
    let elsewhere: Api<Pod> = cluster.api("nowhere").await;
    assert_eq!(
        refusal(
            elsewhere
                .create(
                    &PostParams::default(),
                    &serde_json::from_value(json!({"metadata": {"name": "p"}})).unwrap()
                )
                .await
        ),
        (404, "NotFound".to_owned(), "namespaces \"nowhere\" not found".to_owned())
    );
    let (code, reason, _) = refusal(pods.list(&ListParams::default().fields("spec.containers=x")).await);
    assert_eq!((code, reason.as_str()), (400, "BadRequest"));
}

#[tokio::test]
async fn a_token_does_only_what_its_rules_say() {
    let user = "system:serviceaccount:rollmend:rollmend";
    let rules = vec![Rule::new(&["get", "list", "watch"], &["pods", "rollouts"], &["shop"])];
    let cluster = Cluster::with(KubernetesOptions {
        tokens: vec![Token::admin("admin"), Token::limited("daemon", user, rules)],
        ..KubernetesOptions::default()
    })
    .await;
    cluster.store().create(pod("a", json!({}))).unwrap();
    let client = cluster.client("daemon").await;
    let pods: Api<Pod> = Api::namespaced(client.clone(), "shop");
    assert_eq!(pods.list(&ListParams::default()).await.unwrap().items.len(), 1);
    let everywhere: Api<Pod> = Api::all(client.clone());
    assert_eq!(
        refusal(everywhere.list(&ListParams::default()).await),
        (
            403,
            "Forbidden".to_owned(),
            format!(
                "pods is forbidden: User \"{user}\" cannot list resource \"pods\" in API group \"\" at the cluster scope"
            )
        )
    );
    assert_eq!(
        refusal(pods.logs("a", &kube::api::LogParams::default()).await).2,
        format!(
            "pods \"a\" is forbidden: User \"{user}\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"shop\""
        )
    );
    let dynamic: Api<DynamicObject> = Api::namespaced_with(client.clone(), "default", &rollouts());
    assert_eq!(
        refusal(dynamic.list(&ListParams::default()).await).2,
        format!(
            "rollouts.argoproj.io is forbidden: User \"{user}\" cannot list resource \"rollouts\" in API group \"argoproj.io\" in the namespace \"default\""
        )
    );
    cluster.kubernetes.forbid(Rule::new(&["get"], &["pods"], &["shop"]));
    assert_eq!(refusal(pods.get("a").await).0, 403, "a scripted prohibition counts whatever the rules allow");
    cluster.kubernetes.lift_prohibitions();
    assert_eq!(pods.get("a").await.unwrap().name_any(), "a");

    let stranger: Api<Pod> = Api::namespaced(cluster.client("guess").await, "shop");
    assert_eq!(refusal(stranger.get("a").await), (401, "Unauthorized".to_owned(), "Unauthorized".to_owned()));
}

#[tokio::test]
async fn an_access_review_answers_from_the_same_rules() {
    use k8s_openapi::api::authorization::v1::SelfSubjectAccessReview;
    let rules = vec![Rule::new(&["list"], &["pods"], &["shop"])];
    let cluster = Cluster::with(KubernetesOptions {
        tokens: vec![Token::limited("daemon", "daemon", rules)],
        ..KubernetesOptions::default()
    })
    .await;
    let reviews: Api<SelfSubjectAccessReview> = Api::all(cluster.client("daemon").await);
    for (verb, expected) in [("list", true), ("delete", false)] {
        let review = serde_json::from_value(json!({
            "metadata": {}, "spec": {"resourceAttributes": {"namespace": "shop", "verb": verb, "resource": "pods"}},
        }));
        let answered = reviews.create(&PostParams::default(), &review.unwrap()).await.unwrap();
        assert_eq!(answered.status.unwrap().allowed, expected, "{verb}");
    }
}

#[tokio::test]
async fn reading_a_secret_is_on_record() {
    let cluster = Cluster::start().await;
    let pods: Api<Pod> = cluster.api("shop").await;
    pods.list(&ListParams::default()).await.unwrap();
    assert_eq!(cluster.kubernetes.secret_reads().len(), 0);
    let secrets: Api<Secret> = cluster.api("shop").await;
    secrets.list(&ListParams::default()).await.unwrap();
    assert_eq!(cluster.kubernetes.secret_reads().len(), 1);
}

#[tokio::test]
async fn metadata_alone_is_listed_read_and_watched_when_asked_for() {
    let cluster = Cluster::start().await;
    cluster.store().create(rollout("shop")).unwrap();
    let metadata: Api<DynamicObject> =
        Api::namespaced_with(cluster.client("admin").await, "shop", &rollouts());
    let listed = metadata.list_metadata(&ListParams::default()).await.unwrap();
    assert_eq!(listed.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["shop"]);
    assert_eq!(metadata.get_metadata("shop").await.unwrap().name_any(), "shop");
    let stream = metadata.watch_metadata(&WatchParams::default(), "0").await.unwrap();
    let first = pin!(stream).try_next().await.unwrap().unwrap();
    let WatchEvent::Added(object) = first else { panic!("not an addition: {first:?}") };
    assert_eq!(object.name_any(), "shop");
}

#[tokio::test]
async fn a_watch_tells_what_enters_and_leaves_its_selection() {
    let cluster = Cluster::start().await;
    let from = cluster.store().version();
    let pods: Api<Pod> = cluster.api("shop").await;
    let stream = pods.watch(&WatchParams::default().labels("role=canary"), &from.to_string()).await.unwrap();
    let mut stream = pin!(stream);
    cluster.store().create(pod("a", json!({"role": "stable"}))).unwrap();
    for role in ["canary", "canary", "stable"] {
        cluster
            .store()
            .update(Kind::Pod, "shop", "a", |pod| {
                pod["metadata"]["labels"] = json!({"role": role});
                pod["metadata"]["annotations"] =
                    json!({"at": role.len().to_string() + &pod["metadata"]["resourceVersion"].to_string()});
            })
            .unwrap();
    }
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(match stream.try_next().await.unwrap().unwrap() {
            WatchEvent::Added(_) => "added",
            WatchEvent::Modified(_) => "modified",
            WatchEvent::Deleted(_) => "deleted",
            other => panic!("unexpected: {other:?}"),
        });
    }
    assert_eq!(seen, ["added", "modified", "deleted"]);
}

#[tokio::test]
async fn a_watch_from_a_forgotten_version_is_gone() {
    let cluster = Cluster::start().await;
    cluster.store().create(pod("a", json!({}))).unwrap();
    cluster.store().create(pod("b", json!({}))).unwrap();
    let pods: Api<Pod> = cluster.api("shop").await;
    cluster.kubernetes.compact(Gone::ByEvent);
    let stream = pods.watch(&WatchParams::default(), "2").await.unwrap();
    let event = pin!(stream).try_next().await.unwrap().unwrap();
    let WatchEvent::Error(status) = event else { panic!("not an error: {event:?}") };
    assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
    cluster.kubernetes.compact(Gone::ByStatus);
    let refused = pods.watch(&WatchParams::default(), "2").await.map(|_| "a stream");
    assert_eq!(refusal(refused).0, 410);
}

#[tokio::test]
async fn kubes_watcher_survives_gone_and_a_restart_of_the_server() {
    for initial_events in [InitialEvents::Sent, InitialEvents::Refused] {
        let cluster =
            Cluster::with(KubernetesOptions { initial_events, ..KubernetesOptions::default() }).await;
        cluster.store().create(pod("a", json!({}))).unwrap();
        let pods: Api<Pod> = cluster.api("shop").await;
        let stream = watcher(pods, watcher::Config::default()).applied_objects();
        let mut stream = pin!(stream);
        let mut until = async |name: &str| loop {
            match stream.next().await {
                Some(Ok(pod)) if pod.name_any() == name => break,
                Some(Ok(_)) => {}
                Some(Err(_)) => tokio::task::yield_now().await,
                None => panic!("the watcher ended"),
            }
        };
        until("a").await;
        cluster.kubernetes.expire_watches();
        cluster.kubernetes.compact(Gone::ByEvent);
        cluster.store().create(pod("b", json!({}))).unwrap();
        until("b").await;
        cluster.kubernetes.wire().stop().await;
        cluster.store().create(pod("c", json!({}))).unwrap();
        // By status, kube 5 would ask for the same version for ever: whoever uses its watcher must begin a new one then.
        cluster.kubernetes.compact(Gone::ByEvent);
        cluster.kubernetes.wire().restart().await.unwrap();
        until("c").await;
    }
}

#[tokio::test]
async fn bookmarks_come_only_where_they_are_allowed() {
    let cluster = Cluster::start().await;
    cluster.store().create(pod("a", json!({}))).unwrap();
    let version = cluster.store().version().to_string();
    let pods: Api<Pod> = cluster.api("shop").await;
    let stream = pods.watch(&WatchParams::default(), &version).await.unwrap();
    let mut stream = pin!(stream);
    cluster.kubernetes.bookmark_watches();
    let event = stream.try_next().await.unwrap().unwrap();
    let WatchEvent::Bookmark(bookmark) = event else { panic!("not a bookmark: {event:?}") };
    assert_eq!(bookmark.metadata.resource_version, version);
}

#[tokio::test]
async fn custom_resources_are_not_found_until_they_are_installed() {
    let cluster = Cluster::with(KubernetesOptions {
        custom_resources: CustomResources::Absent,
        ..KubernetesOptions::default()
    })
    .await;
    let api: Api<DynamicObject> = Api::namespaced_with(cluster.client("admin").await, "shop", &rollouts());
    assert_eq!(refusal(api.list(&ListParams::default()).await).0, 404);
    let groups = async || {
        let listed = cluster.client("admin").await.list_api_groups().await.unwrap();
        listed.groups.iter().any(|group| group.name == "argoproj.io")
    };
    assert!(!groups().await);
    cluster.kubernetes.install_custom_resources();
    assert!(groups().await);
    assert_eq!(api.list(&ListParams::default()).await.unwrap().items.len(), 0);
}

#[tokio::test]
async fn a_patch_of_the_object_leaves_its_status_and_counts_its_spec() {
    let cluster = Cluster::start().await;
    cluster.store().create(rollout("shop")).unwrap();
    let api: Api<DynamicObject> = Api::namespaced_with(cluster.client("admin").await, "shop", &rollouts());
    let merge = Patch::Merge(json!({"spec": {"replicas": 2}, "status": {"phase": "Mine"}}));
    let patched = api.patch("shop", &PatchParams::default(), &merge).await.unwrap();
    assert_eq!(patched.metadata.generation, Some(2));
    assert_eq!(patched.data, json!({"spec": {"replicas": 2}}));
    let status = Patch::Merge(json!({"spec": {"replicas": 9}, "status": {"abort": false}}));
    let patched = api.patch_status("shop", &PatchParams::default(), &status).await.unwrap();
    assert_eq!(patched.metadata.generation, Some(2));
    assert_eq!(patched.data, json!({"spec": {"replicas": 2}, "status": {"abort": false}}));
    let annotate =
        json!([{"op": "add", "path": "/metadata/annotations", "value": {"rollmend.dev/verdict": "{}"}}]);
    let annotate = Patch::<()>::Json(serde_json::from_value(annotate).unwrap());
    let patched = api.patch("shop", &PatchParams::default(), &annotate).await.unwrap();
    assert_eq!(patched.annotations().get("rollmend.dev/verdict").map(String::as_str), Some("{}"));
    let applied = api.patch("shop", &PatchParams::apply("test"), &Patch::Apply(rollout("shop"))).await;
    assert_eq!(refusal(applied).0, 415);
}

#[tokio::test]
async fn an_event_is_one_object_in_both_of_its_api_groups() {
    use k8s_openapi::api::events::v1::Event as NewerEvent;
    let cluster = Cluster::start().await;
    cluster.store().ensure_namespace("shop");
    let newer: Api<NewerEvent> = cluster.api("shop").await;
    let event = json!({
        "metadata": {"name": "shop.1", "namespace": "shop"}, "eventTime": "2026-01-02T03:04:05.000000Z",
        "reportingController": "rollmend.dev/rollmend", "reportingInstance": "one", "action": "Explain", "reason": "Explained",
        "type": "Warning", "note": "it broke", "regarding": {"kind": "Rollout", "name": "shop", "namespace": "shop", "uid": "u"},
    });
    newer.create(&PostParams::default(), &serde_json::from_value(event).unwrap()).await.unwrap();
    let core: Api<Event> = cluster.api("shop").await;
    let listed = core.list(&ListParams::default().fields("involvedObject.uid=u")).await.unwrap();
    let event = listed.items.first().unwrap();
    assert_eq!(event.message.as_deref(), Some("it broke"));
    assert_eq!(event.reporting_component.as_deref(), Some("rollmend.dev/rollmend"));
    let foreign: Event = serde_json::from_value(json!({
        "metadata": {"name": "shop.2", "namespace": "shop"}, "involvedObject": {"kind": "Rollout", "namespace": "other"},
    }))
    .unwrap();
    let (code, reason, message) = refusal(core.create(&PostParams::default(), &foreign).await);
    assert_eq!((code, reason.as_str()), (422, "Invalid"));
    assert!(message.contains("does not match event.namespace"), "{message}");
}

#[tokio::test]
async fn what_an_object_owns_goes_with_it() {
    let cluster = Cluster::start().await;
    let owner = cluster.store().create(rollout("shop")).unwrap();
    let mut owned = pod("a", json!({}));
    owned["metadata"]["ownerReferences"] = json!([{"uid": owner["metadata"]["uid"]}]);
    cluster.store().create(owned).unwrap();
    let api: Api<DynamicObject> = Api::namespaced_with(cluster.client("admin").await, "shop", &rollouts());
    api.delete("shop", &DeleteParams::default()).await.unwrap();
    assert_eq!(cluster.store().get(Kind::Pod, "shop", "a"), None);
}

#[tokio::test]
async fn a_cluster_is_known_by_the_uid_of_kube_system() {
    let cluster = Cluster::start().await;
    let namespaces: Api<Namespace> = Api::all(cluster.client("admin").await);
    let found = namespaces.get("kube-system").await.unwrap();
    assert_eq!(found.uid(), Some(KubernetesOptions::default().cluster_uid));
    assert_eq!(cluster.client("admin").await.apiserver_version().await.unwrap().git_version, "v1.34.4");
}
