use std::time::Duration;

use domain::ports::{Followed, Spool};
use domain::{Dropped, Incarnation, IncidentIdentity, LogExcerpt};
use testbed::kubelet::{Beginning, ScriptedKubelet, Termination};
use testbed::kubernetes::{Kind, Rule};
use testbed::wire::{Port, Wire};
use tool_kubernetes::{LogSpool, SpoolSettings};

use crate::support::*;

const LIMIT: u64 = 1024 * 1024;

fn observed() -> IncidentIdentity {
    identity("r-1", CANARY)
}

async fn excerpts(spool: &LogSpool) -> Vec<LogExcerpt> {
    spool.excerpts(&observed(), LIMIT).await.unwrap()
}

async fn lines(spool: &LogSpool) -> Vec<String> {
    excerpts(spool).await.iter().flat_map(texts).collect()
}

/// Waits until the last line that is kept is this one.
async fn until_last(spool: &LogSpool, last: &str) -> Vec<String> {
    soon(async {
        let mut seen = u64::MAX;
        loop {
            let received = spool.received(&observed());
            if received != std::mem::replace(&mut seen, received) {
                let lines = lines(spool).await;
                if lines.last().is_some_and(|line| line == last) {
                    return lines;
                }
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

#[tokio::test]
async fn what_a_pod_writes_is_kept_and_its_last_words_too_when_it_is_deleted_in_the_same_second() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    let uid = place.canary("a").await;
    let spool = place.spool().await;
    assert_eq!(spool.follow(&observed(), source("a", &uid), long_ago()), Followed::Started);
    assert_eq!(spool.follow(&observed(), source("a", &uid), long_ago()), Followed::Already);
    kubelet.write("shop", "a", "app", b"started\nserving\n");
    until_last(&spool, "serving").await;
    kubelet.write("shop", "a", "app", b"ERROR the cause\nlast words, no line feed");
    place.store().delete(Kind::Pod, "shop", "a").unwrap();
    soon(spool.ended(&observed())).await;
    let kept = excerpts(&spool).await;
    assert_eq!(texts(&kept[0]), ["started", "serving", "ERROR the cause", "last words, no line feed"]);
    assert_eq!((kept.len(), kept[0].dropped), (1, Dropped::default()));
    assert_eq!(spool.received(&observed()), kept[0].head.len() as u64);
}

/// A node that vanished: its log stays open and says nothing more, its pod is gone.
async fn vanished() -> Wire {
    use axum::{Router, body::Body, http::StatusCode, routing::get};
    let said = "2026-11-24T02:29:28.925996000Z last words\n";
    let log = move || async move {
        let silence = futures::stream::pending::<Result<&str, std::io::Error>>();
        Body::from_stream(futures::StreamExt::chain(futures::stream::iter([Ok(said)]), silence))
    };
    let gone = || async {
        let status = serde_json::json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404});
        (StatusCode::NOT_FOUND, axum::Json(status))
    };
    let router = Router::new()
        .route("/api/v1/namespaces/shop/pods/a/log", get(log))
        .route("/api/v1/namespaces/shop/pods/a", get(gone));
    Wire::serve("vanished node", router, Port::Any).await.unwrap()
}

#[tokio::test]
async fn a_log_that_stays_open_although_its_pod_is_gone_ends_after_a_silence() {
    let place = Place::start().await;
    let node = vanished().await;
    let client = kube::Client::try_from(kube::Config::new(node.url().parse().unwrap())).unwrap();
    let settings = SpoolSettings { silence: Duration::from_millis(50), ..place.spool_settings() };
    let spool = LogSpool::open(client, settings).await.unwrap();
    spool.follow(&observed(), source("a", "uid-a"), long_ago());
    soon(spool.ended(&observed())).await;
    assert_eq!(lines(&spool).await, ["last words"]);
}

#[tokio::test]
async fn a_cut_connection_neither_doubles_nor_loses_a_line() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    let uid = place.canary("a").await;
    let spool = place.spool().await;
    spool.follow(&observed(), source("a", &uid), long_ago());
    let mut expected = Vec::new();
    for round in 0..4 {
        // The lines of one write have the same time.
        let text: Vec<String> = (0..5).map(|line| format!("round {round} line {line}")).collect();
        kubelet.write("shop", "a", "app", format!("{}\n", text.join("\n")).as_bytes());
        expected.extend(text);
        if round % 2 == 0 {
            until_last(&spool, expected.last().unwrap()).await;
        }
        place.api.wire().stop().await;
        kubelet.write("shop", "a", "app", format!("while down {round}\n").as_bytes());
        expected.push(format!("while down {round}"));
        place.api.wire().restart().await.unwrap();
        until_last(&spool, expected.last().unwrap()).await;
    }
    assert_eq!(lines(&spool).await, expected);
}

#[tokio::test]
async fn a_restarted_container_is_followed_on_and_what_its_earlier_run_wrote_while_cut_is_caught_up() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    let uid = place.canary("a").await;
    let spool = place.spool().await;
    spool.follow(&observed(), source("a", &uid), long_ago());
    kubelet.write("shop", "a", "app", b"first run\n");
    until_last(&spool, "first run").await;
    place.api.wire().stop().await;
    kubelet.write("shop", "a", "app", b"ERROR before the crash\n");
    kubelet.terminate("shop", "a", "app", &Termination::by_exit_code(1));
    kubelet.restart("shop", "a", "app");
    kubelet.write("shop", "a", "app", b"second run\n");
    place.api.wire().restart().await.unwrap();
    assert_eq!(until_last(&spool, "second run").await, ["first run", "ERROR before the crash", "second run"]);
    kubelet.terminate("shop", "a", "app", &Termination::by_exit_code(1));
    kubelet.back_off("shop", "a", "app");
    kubelet.restart("shop", "a", "app");
    kubelet.write("shop", "a", "app", b"third run\n");
    until_last(&spool, "third run").await;
}

#[tokio::test]
async fn a_later_process_finds_what_was_kept_and_goes_on_behind_it() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    let uid = place.canary("a").await;
    let spool = place.spool().await;
    spool.follow(&observed(), source("a", &uid), long_ago());
    kubelet.write("shop", "a", "app", b"one\ntwo\n");
    until_last(&spool, "two").await;
    let received = spool.received(&observed());
    spool.stop().await;
    drop(spool);
    kubelet.write("shop", "a", "app", b"three\n");
    let later = place.spool().await;
    assert_eq!(lines(&later).await, ["one", "two"]);
    assert_eq!(later.received(&observed()), received);
    assert_eq!(later.follow(&observed(), source("a", &uid), long_ago()), Followed::Started);
    assert_eq!(until_last(&later, "three").await, ["one", "two", "three"]);
}

#[tokio::test]
async fn lines_before_the_observation_are_not_taken() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    let uid = place.canary("a").await;
    kubelet.write("shop", "a", "app", b"before\n");
    let since = chrono::Utc::now();
    kubelet.write("shop", "a", "app", b"after\n");
    let spool = place.spool().await;
    spool.follow(&observed(), source("a", &uid), since);
    assert_eq!(until_last(&spool, "after").await, ["after"]);
}

#[tokio::test]
async fn hostile_bytes_are_made_harmless_on_the_way_to_the_disk() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    let uid = place.canary("a").await;
    let spool = place.spool().await;
    spool.follow(&observed(), source("a", &uid), long_ago());
    let mut bytes = vec![b'x'; 5 * 1024 * 1024];
    bytes.extend_from_slice(b"\n\x1b[31mred\x1b[0m\xff\x00\n");
    kubelet.write("shop", "a", "app", &bytes);
    until_last(&spool, "red\u{fffd}").await;
    let kept = excerpts(&spool).await.remove(0);
    let stamp = "2026-11-24T02:29:28.925996000Z ".len();
    let cut = 5 * 1024 * 1024 - (64 * 1024 - stamp);
    assert_eq!((kept.line_count(), kept.dropped), (2, Dropped { lines: 0, bytes: cut as u64 }));
}

#[tokio::test]
async fn a_container_that_has_not_started_is_waited_for() {
    let place = Place::start().await;
    let kubelet = ScriptedKubelet::start(&place.api, |_| Beginning::Waiting("ContainerCreating".into()));
    let created = place.store().create(pod("a")).unwrap();
    let spool = place.spool().await;
    spool.follow(&observed(), source("a", created["metadata"]["uid"].as_str().unwrap()), long_ago());
    soon(place.api.wire().wait_for(|asked| asked.path.ends_with("/log") && asked.status == Some(400))).await;
    kubelet.restart("shop", "a", "app");
    kubelet.write("shop", "a", "app", b"up\n");
    until_last(&spool, "up").await;
}

#[tokio::test]
async fn a_missing_right_to_read_logs_is_waited_for() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    let uid = place.canary("a").await;
    kubelet.write("shop", "a", "app", b"words\n");
    place.api.forbid(Rule::new(&["get"], &["pods/log"], &["*"]));
    let spool = place.spool().await;
    spool.follow(&observed(), source("a", &uid), long_ago());
    soon(place.api.wire().wait_for(|asked| asked.path.ends_with("/log") && asked.status == Some(403))).await;
    place.api.lift_prohibitions();
    until_last(&spool, "words").await;
}

#[tokio::test]
async fn a_pod_of_the_same_name_made_anew_is_another() {
    let place = Place::start().await;
    let _kubelet = place.kubelet();
    place.canary("a").await;
    let spool = place.spool().await;
    spool.follow(&observed(), source("a", "an-earlier-one"), long_ago());
    place.store().delete(Kind::Pod, "shop", "a").unwrap();
    soon(spool.ended(&observed())).await;
}

#[tokio::test]
async fn a_previous_log_is_read_once_to_its_end() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    let uid = place.canary("a").await;
    kubelet.write("shop", "a", "app", b"crashed\n");
    kubelet.terminate("shop", "a", "app", &Termination::by_exit_code(1));
    kubelet.restart("shop", "a", "app");
    let spool = place.spool().await;
    let mut previous = source("a", &uid);
    previous.which = Incarnation::Previous;
    spool.follow(&observed(), previous, long_ago());
    soon(spool.ended(&observed())).await;
    let kept = excerpts(&spool).await;
    assert_eq!((texts(&kept[0]), kept[0].which), (vec!["crashed".to_owned()], Incarnation::Previous));
}

#[tokio::test]
async fn what_is_released_is_gone_and_no_longer_followed() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    let uid = place.canary("a").await;
    let spool = place.spool().await;
    spool.follow(&observed(), source("a", &uid), long_ago());
    kubelet.write("shop", "a", "app", b"words\n");
    until_last(&spool, "words").await;
    spool.release(&observed()).await;
    assert_eq!((lines(&spool).await, spool.received(&observed())), (Vec::new(), 0));
    let left = std::fs::read_dir(place.spool_settings().dir).unwrap().count();
    assert_eq!(left, 0, "no file is left");
    soon(spool.ended(&observed())).await;
}
