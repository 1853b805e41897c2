use domain::ports::{Change, Cluster};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::json;
use testbed::kubernetes::{CustomResources, Gone, Kind, KubernetesOptions, Rule};
use tool_kubernetes::{ClusterSettings, Namespaces};

use crate::support::*;

/// A change in a few words.
fn words(change: &Change) -> String {
    match change {
        Change::Rollout(rollout) => format!("{} {}", rollout.rollout, rollout.phase),
        Change::RolloutGone(name) => format!("{name} gone"),
        Change::AnalysisRun(run) => format!("{} {:?}", run.name, run.phase),
        Change::Listed => "listed".to_owned(),
    }
}

async fn until_words(changes: &mut BoxStream<'static, Change>, last: &str) -> Vec<String> {
    until(changes, |change| words(change) == last).await.iter().map(words).collect()
}

#[tokio::test]
async fn everything_is_reported_before_listed_and_changes_follow() {
    let place = Place::start().await;
    let shop = place.store().create(rollout("shop")).unwrap();
    place.store().create(run("shop-1", &shop)).unwrap();
    let mut changes = place.cluster().await.changes();
    let mut first = until_words(&mut changes, "listed").await;
    first.sort();
    assert_eq!(first, ["listed", "shop-1 Running", "shop/shop Progressing"]);
    place.store().merge(Kind::Rollout, "shop", "shop", &json!({"status": {"phase": "Degraded"}})).unwrap();
    assert_eq!(until_words(&mut changes, "shop/shop Degraded").await.len(), 1);
    place
        .store()
        .merge(Kind::AnalysisRun, "shop", "shop-1", &json!({"status": {"phase": "Failed"}}))
        .unwrap();
    assert_eq!(until_words(&mut changes, "shop-1 Failed").await.len(), 1);
    place.store().delete(Kind::Rollout, "shop", "shop").unwrap();
    until_words(&mut changes, "shop/shop gone").await;
}

#[tokio::test]
async fn an_idle_daemon_watches_only_rollouts_and_analysis_runs() {
    let place = Place::start().await;
    let mut changes = place.cluster().await.changes();
    until_words(&mut changes, "listed").await;
    let watched = |kind: &'static str| {
        place
            .api
            .wire()
            .wait_for(move |asked| asked.path.ends_with(kind) && asked.query.contains("watch=true"))
    };
    let both = async { tokio::join!(watched("/rollouts"), watched("/analysisruns")) };
    soon(async {
        tokio::select! { _ = both => {}, seen = changes.next() => panic!("{seen:?}") }
    })
    .await;
    let mut paths: Vec<_> = place.api.wire().asked().into_iter().map(|asked| asked.path).collect();
    paths.sort();
    paths.dedup();
    assert_eq!(paths, ["/apis/argoproj.io/v1alpha1/analysisruns", "/apis/argoproj.io/v1alpha1/rollouts"]);
}

#[tokio::test]
async fn a_version_that_is_gone_is_listed_anew_whether_said_by_status_or_in_the_stream() {
    for gone in [Gone::ByStatus, Gone::ByEvent] {
        let place = Place::start().await;
        place.store().create(rollout("stays")).unwrap();
        place.store().create(rollout("goes")).unwrap();
        let mut changes = place.cluster().await.changes();
        until_words(&mut changes, "listed").await;
        place.api.wire().stop().await;
        place.store().delete(Kind::Rollout, "shop", "goes").unwrap();
        place.store().create(rollout("comes")).unwrap();
        place.api.compact(gone);
        place.api.wire().restart().await.unwrap();
        // The list of AnalysisRuns may be complete first.
        let mut again = until_words(&mut changes, "shop/goes gone").await;
        again.retain(|seen| seen != "listed");
        assert_eq!(again, ["shop/comes Progressing", "shop/stays Progressing", "shop/goes gone"], "{gone:?}");
        until_words(&mut changes, "listed").await;
        let asked = place.api.wire().asked();
        let told =
            asked.iter().filter(|asked| asked.path.ends_with("/rollouts") && asked.status == Some(410));
        assert_eq!(told.count(), usize::from(gone == Gone::ByStatus), "once told is enough");
    }
}

#[tokio::test]
async fn a_live_watch_that_expires_is_listed_anew() {
    let place = Place::start().await;
    let mut changes = place.cluster().await.changes();
    until_words(&mut changes, "listed").await;
    let watching = |asked: &testbed::wire::Asked| {
        asked.path.ends_with("/rollouts") && asked.query.contains("watch=true") && asked.status == Some(200)
    };
    let opened = place.api.wire().wait_for(watching);
    soon(async {
        tokio::select! { _ = opened => {}, _ = changes.next() => {} }
    })
    .await;
    place.api.expire_watches();
    until_words(&mut changes, "listed").await;
    place.store().create(rollout("shop")).unwrap();
    until_words(&mut changes, "shop/shop Progressing").await;
}

#[tokio::test]
async fn what_happens_while_the_api_server_is_down_is_seen_when_it_is_back() {
    let place = Place::start().await;
    let mut changes = place.cluster().await.changes();
    until_words(&mut changes, "listed").await;
    for round in ["one", "two", "three"] {
        place.api.wire().stop().await;
        place.store().create(rollout(round)).unwrap();
        place.api.wire().restart().await.unwrap();
        until_words(&mut changes, &format!("shop/{round} Progressing")).await;
    }
}

#[tokio::test]
async fn crds_that_are_not_there_yet_are_waited_for() {
    let options =
        KubernetesOptions { custom_resources: CustomResources::Absent, ..KubernetesOptions::default() };
    let place = Place::with(options).await;
    let mut changes = place.cluster().await.changes();
    let tries = async {
        for number in [1, 5] {
            place.api.wire().wait_for(|asked| asked.number >= number && asked.status == Some(404)).await;
        }
    };
    soon(async {
        tokio::select! { () = tries => {}, seen = changes.next() => panic!("{seen:?}") }
    })
    .await;
    place.api.install_custom_resources();
    assert_eq!(until_words(&mut changes, "listed").await, ["listed"]);
}

#[tokio::test]
async fn a_missing_right_is_waited_for() {
    for verb in ["list", "watch"] {
        let place = Place::start().await;
        place.api.forbid(Rule::new(&[verb], &["rollouts"], &["*"]));
        let mut changes = place.cluster().await.changes();
        let refused = async {
            for number in [1, 8] {
                place.api.wire().wait_for(|asked| asked.number >= number && asked.status == Some(403)).await;
            }
        };
        soon(async {
            tokio::pin!(refused);
            loop {
                tokio::select! { () = &mut refused => break, _ = changes.next() => {} }
            }
        })
        .await;
        place.api.lift_prohibitions();
        place.store().create(rollout("shop")).unwrap();
        until_words(&mut changes, "shop/shop Progressing").await;
    }
}

#[tokio::test]
async fn an_object_that_cannot_be_read_hides_no_other() {
    let place = Place::start().await;
    for (name, status) in [("a", json!("broken")), ("b", json!({"phase": 7, "stableRS": ["x"]}))] {
        let mut object = rollout(name);
        object["status"] = status;
        place.store().create(object).unwrap();
    }
    place.store().create(rollout("c")).unwrap();
    let mut changes = place.cluster().await.changes();
    let seen = until_words(&mut changes, "listed").await;
    assert_eq!(seen, ["shop/a ", "shop/b ", "shop/c Progressing", "listed"]);
}

#[tokio::test]
async fn only_the_listed_namespaces_are_asked_for() {
    let place = Place::start().await;
    place.store().ensure_namespace("other");
    let mut other = rollout("other");
    other["metadata"]["namespace"] = json!("other");
    place.store().create(other).unwrap();
    place.store().create(rollout("shop")).unwrap();
    let namespaces = Namespaces::Listed(vec!["shop".parse().unwrap()]);
    let cluster = place.cluster_with(ClusterSettings { namespaces, ..ClusterSettings::default() }).await;
    let seen = until_words(&mut cluster.changes(), "listed").await;
    assert_eq!(seen, ["shop/shop Progressing", "listed"]);
    assert!(cluster.watches(&"shop".parse().unwrap()) && !cluster.watches(&"other".parse().unwrap()));
    let all_in_shop = place.api.wire().asked().iter().all(|asked| asked.path.contains("/namespaces/shop/"));
    assert!(all_in_shop);
}

#[tokio::test]
async fn a_list_of_many_pages_is_one_list() {
    let place = Place::start().await;
    for number in 0..120 {
        place.store().create(rollout(&format!("r{number:03}"))).unwrap();
    }
    let mut changes = place.cluster().await.changes();
    assert_eq!(until_words(&mut changes, "listed").await.len(), 121);
}

#[tokio::test]
async fn what_is_wrong_is_logged_once_with_what_to_do_and_once_when_it_is_well_again() {
    let (logged, _guard) = Logged::start();
    let place = Place::start().await;
    place.api.forbid(Rule::new(&["list"], &["rollouts"], &["*"]));
    let mut changes = place.cluster().await.changes();
    let refused = async {
        for number in [1, 10] {
            place.api.wire().wait_for(|asked| asked.number >= number && asked.status == Some(403)).await;
        }
    };
    soon(async {
        tokio::select! { () = refused => {}, seen = changes.next() => panic!("{seen:?}") }
    })
    .await;
    let warnings = logged.at("WARN");
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    let advice = "give the daemon's service account the right to list rollouts in all namespaces, as deploy/rbac.yaml does";
    assert!(warnings[0].contains(advice), "{warnings:?}");
    place.api.lift_prohibitions();
    until_words(&mut changes, "listed").await;
    place.store().create(rollout("shop")).unwrap();
    until_words(&mut changes, "shop/shop Progressing").await;
    assert_eq!((logged.at("WARN").len(), logged.at("INFO").len()), (1, 1));
}
