use domain::ports::{Followed, Spool};
use domain::{IncidentIdentity, Remedy};
use testbed::kubernetes::Kind;
use tool_kubernetes::{LogSpool, SpoolSettings};

use crate::support::*;

#[tokio::test]
async fn streams_are_limited_per_rollout_and_in_all_and_a_freed_place_is_given_again() {
    let place = Place::start().await;
    let _kubelet = place.kubelet();
    let mut uids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        uids.push((name, place.canary(name).await));
    }
    let settings = SpoolSettings { streams: 3, streams_per_rollout: 2, ..place.spool_settings() };
    let spool = place.spool_with(settings).await;
    let (mine, newer, other) = (identity("r-1", CANARY), identity("r-1", STABLE), identity("r-2", CANARY));
    let follow = |observation, index: usize| {
        let (name, uid) = &uids[index];
        spool.follow(observation, source(name, uid), long_ago())
    };
    assert_eq!(follow(&mine, 0), Followed::Started);
    assert_eq!(follow(&newer, 1), Followed::Started);
    assert_eq!(follow(&mine, 2), Followed::OverLimit, "two hashes of one Rollout share its limit");
    assert_eq!(follow(&mine, 2), Followed::OverLimit);
    assert_eq!(follow(&other, 2), Followed::Started);
    assert_eq!(follow(&other, 3), Followed::OverLimit, "three are followed in all");
    assert_eq!(spool.streams(), 3);
    assert_eq!(
        (spool.not_followed(&mine), spool.not_followed(&other), spool.not_followed(&newer)),
        (1, 1, 0)
    );
    place.store().delete(Kind::Pod, "shop", "a").unwrap();
    soon(spool.ended(&mine)).await;
    assert_eq!(follow(&mine, 2), Followed::Started);
    assert_eq!(spool.not_followed(&mine), 0);
    assert_eq!(follow(&mine, 0), Followed::Already, "what has ended is not begun again");
}

#[tokio::test]
async fn the_limit_over_all_logs_is_kept_and_whoever_has_most_gives() {
    let place = Place::start().await;
    let kubelet = place.kubelet();
    let (loud, quiet) = (place.canary("loud").await, place.canary("quiet").await);
    let total = 64 * 1024;
    let settings = SpoolSettings { per_container: 60 * 1024, total, ..place.spool_settings() };
    let dir = settings.dir.clone();
    let spool = place.spool_with(settings).await;
    let observed = identity("r-1", CANARY);
    spool.follow(&observed, source("loud", &loud), long_ago());
    let noise: Vec<String> =
        (0..40_000_u64).map(|n| format!("{:x}\n", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
    kubelet.write("shop", "loud", "app", noise.concat().as_bytes());
    until_received(&spool, &observed, 0).await;
    place.store().delete(Kind::Pod, "shop", "loud").unwrap();
    soon(spool.ended(&observed)).await;
    let before = spool.received(&observed);
    spool.follow(&observed, source("quiet", &quiet), long_ago());
    let words: Vec<String> =
        (0..400_u64).map(|n| format!("{n} {:x}\n", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
    kubelet.write("shop", "quiet", "app", words.concat().as_bytes());
    until_received(&spool, &observed, before).await;
    place.store().delete(Kind::Pod, "shop", "quiet").unwrap();
    soon(spool.ended(&observed)).await;
    let kept = spool.excerpts(&observed, 1024 * 1024).await.unwrap();
    let of = |name: &str| kept.iter().find(|log| log.pod.as_str() == name).unwrap();
    assert_eq!((of("quiet").lines().count(), of("quiet").dropped.lines), (400, 0), "the quiet one is whole");
    assert_eq!(of("loud").line_count(), 40_000);
    assert!(of("loud").dropped.lines > 0);
    assert!(segments(&dir) <= total, "{} bytes are on disk", segments(&dir));
}

/// Waits until more than so many bytes were received.
async fn until_received(spool: &LogSpool, observed: &IncidentIdentity, bytes: u64) {
    soon(async {
        while spool.received(observed) <= bytes {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Bytes of all segments below the directory.
fn segments(dir: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| match entry.path() {
            path if path.is_dir() => segments(&path),
            path if path.ends_with("source.json") => 0,
            _ => entry.metadata().unwrap().len(),
        })
        .sum()
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_says_what_to_do() {
    let place = Place::start().await;
    let settings = SpoolSettings { dir: "/dev/null/spool".into(), ..place.spool_settings() };
    let failure = LogSpool::open(place.client("admin").await, settings).await.err().unwrap();
    assert_eq!(failure.kind, "spool-unusable");
    assert!(matches!(failure.remedy, Remedy::AskHuman { advice } if advice.contains("[daemon] spool")));
}

#[tokio::test]
async fn a_disk_that_refuses_is_logged_once_and_tried_again_while_lines_are_counted() {
    let (logged, _guard) = Logged::start();
    let place = Place::start().await;
    let kubelet = place.kubelet();
    let uid = place.canary("a").await;
    let spool = place.spool().await;
    let observed = identity("r-1", CANARY);
    // A file stands where the directory of the observation is to be made.
    let obstacle = place.spool_settings().dir.join(observed.id().as_str());
    std::fs::write(&obstacle, "").unwrap();
    spool.follow(&observed, source("a", &uid), long_ago());
    let mut received = 0;
    for _ in 0..3 {
        kubelet.write("shop", "a", "app", b"lost\n");
        until_received(&spool, &observed, received).await;
        received = spool.received(&observed);
    }
    std::fs::remove_file(&obstacle).unwrap();
    kubelet.write("shop", "a", "app", b"kept\n");
    until_received(&spool, &observed, received).await;
    let kept = spool.excerpts(&observed, 1024).await.unwrap().remove(0);
    assert_eq!((texts(&kept), kept.dropped.lines), (vec!["kept".to_owned()], 3));
    assert_eq!((logged.at("ERROR").len(), logged.at("INFO").len()), (1, 1));
    assert!(logged.at("ERROR")[0].contains("make room on the disk"), "{:?}", logged.at("ERROR"));
}
