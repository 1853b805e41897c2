use std::num::NonZeroU32;

use domain::ports::{Cluster, LogSpan};
use domain::{Dropped, Incarnation, LogExcerpt, Remedy};
use testbed::kubelet::Termination;
use tool_kubernetes::{ClusterSettings, Namespaces};

use crate::support::*;

const ALL: LogSpan = LogSpan { since: None, tail_lines: None, limit_bytes: 1024 * 1024 };

async fn read(place: &Place, span: LogSpan) -> LogExcerpt {
    place.cluster().await.log(&source("a", "u"), span).await.unwrap()
}

#[tokio::test]
async fn a_log_is_read_with_its_times_and_nothing_dropped() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    place.canary("a").await;
    kubelet.write("shop", "a", "app", b"one\ntwo\n\nno end");
    let excerpt = read(&place, ALL).await;
    assert!(excerpt.lines().all(|line| line.at.is_some()));
    assert_eq!(texts(&excerpt), ["one", "two", "", "no end"]);
    assert_eq!((excerpt.tail.as_str(), excerpt.dropped), ("", Dropped::default()));
    assert_eq!((excerpt.pod.as_str(), excerpt.which), ("a", Incarnation::Current));
}

#[tokio::test]
async fn invalid_utf8_escapes_and_control_characters_do_no_harm() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    place.canary("a").await;
    kubelet.write("shop", "a", "app", b"\x1b[31mred\x1b[0m \xff\xfe \x00\x07\tend\r\nnext\n");
    assert_eq!(texts(&read(&place, ALL).await), ["red \u{fffd}\u{fffd} \tend", "next"]);
}

#[tokio::test]
async fn a_line_of_many_megabytes_is_cut_and_counted_and_the_next_is_whole() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    place.canary("a").await;
    let mut giant = vec![b'x'; 20 * 1024 * 1024];
    giant.extend_from_slice(b"\nnext\n");
    kubelet.write("shop", "a", "app", &giant);
    let excerpt = read(&place, ALL).await;
    let texts = texts(&excerpt);
    assert_eq!((texts.len(), texts[1].as_str()), (2, "next"));
    let stamp = "2026-11-24T02:29:28.925996000Z ".len();
    assert_eq!(texts[0].len(), 64 * 1024 - stamp);
    assert_eq!(excerpt.dropped, Dropped { lines: 0, bytes: (20 * 1024 * 1024 - texts[0].len()) as u64 });
}

#[tokio::test]
async fn of_many_lines_head_and_tail_are_kept_within_the_limit() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    place.canary("a").await;
    let lines: Vec<String> = (0..50_000).map(|number| format!("line {number}\n")).collect();
    kubelet.write("shop", "a", "app", lines.concat().as_bytes());
    let excerpt = read(&place, LogSpan { limit_bytes: 8 * 1024, ..ALL }).await;
    let texts = texts(&excerpt);
    assert_eq!((texts[0].as_str(), texts.last().unwrap().as_str()), ("line 0", "line 49999"));
    assert!(excerpt.head.len() + excerpt.tail.len() <= 8 * 1024);
    assert_eq!(excerpt.line_count(), 50_000);
}

#[tokio::test]
async fn only_the_wanted_lines_are_asked_for() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    place.canary("a").await;
    kubelet.write("shop", "a", "app", b"one\ntwo\nthree\n");
    let last = LogSpan { tail_lines: NonZeroU32::new(2), ..ALL };
    let excerpt = read(&place, last).await;
    assert_eq!(texts(&excerpt), ["two", "three"]);
    let after = excerpt.lines().last().unwrap().at.unwrap() + chrono::Duration::nanoseconds(1);
    assert_eq!(texts(&read(&place, LogSpan { since: Some(after), ..ALL }).await), [""; 0]);
}

#[tokio::test]
async fn a_previous_log_is_told_from_the_current_one_and_missed_clearly() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    place.canary("a").await;
    let cluster = place.cluster().await;
    let mut previous = source("a", "u");
    previous.which = Incarnation::Previous;
    let none = cluster.log(&previous, ALL).await.unwrap_err();
    assert!(none.what.contains("previous terminated container \"app\" in pod \"a\" not found"), "{none}");
    assert_eq!(none.remedy, Remedy::GiveUp);
    kubelet.write("shop", "a", "app", b"before\n");
    kubelet.terminate("shop", "a", "app", &Termination::by_exit_code(1));
    kubelet.restart("shop", "a", "app");
    kubelet.write("shop", "a", "app", b"after\n");
    assert_eq!(texts(&cluster.log(&previous, ALL).await.unwrap()), ["before"]);
    assert_eq!(texts(&read(&place, ALL).await), ["after"]);
}

#[tokio::test]
async fn a_pod_that_is_gone_and_a_namespace_that_is_not_watched_are_told_apart() {
    let place = Place::start().await;
    let gone = place.cluster().await.log(&source("a", "u"), ALL).await.unwrap_err();
    assert_eq!((gone.kind, gone.remedy.clone()), ("kubernetes-not-found", Remedy::GiveUp));
    assert_eq!(
        gone.sentence(),
        "failed to get pods/log a in namespace shop: the API server answered 404: pods \"a\" not found"
    );
    let namespaces = Namespaces::Listed(vec!["other".parse().unwrap()]);
    let cluster = place.cluster_with(ClusterSettings { namespaces, ..ClusterSettings::default() }).await;
    let unwatched = cluster.log(&source("a", "u"), ALL).await.unwrap_err();
    assert_eq!(unwatched.kind, "kubernetes-namespace-not-watched");
    assert!(matches!(unwatched.remedy, Remedy::AskHuman { advice } if advice.contains("agents.toml")));
}
