//! The disk is full at the n-th write, for each place that the daemon writes to and many n: it says so, goes on when there is room,
//! and nothing is lost, doubled or let through.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::gate::analyze;
use crate::house::House;
use crate::models_staff::{BOTH, Shape, both, careful_analyzer, careful_fixer, house, model, tables};
use crate::plan::Plan;
use crate::service::Service;

/// Writes that fail one after the other before there is room again.
const LASTS: u32 = 3;

/// What is loaded before the daemon and makes its disk full at the wanted write, compiled once.
fn full_disk() -> &'static Path {
    static LIBRARY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, library) = LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("full_disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/daemon/full_disk.c");
        // The C compiler that SQLite and libgit2 were built with.
        let built = std::process::Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&library, &source])
            .status();
        assert!(built.unwrap().success());
        (folder, library)
    });
    library
}

/// What became of an incident whose daemon found the disk full at one write.
struct Seen {
    /// The writes that failed; none where there is no such write.
    failed: usize,
    start: Start,
    log: String,
    incident: Value,
    /// What the case lacks.
    missing: String,
}

/// How the daemon's start went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// It listened.
    Begun,
    /// It refused, saying that the disk is full; the next start began.
    Refused,
}

fn serve(house: &House, area: &str, at: u32) -> Service {
    let setting = |name: &str, value: &dyn std::fmt::Display| format!("{name}={value}");
    let wrapper = [
        "env".to_owned(),
        setting("LD_PRELOAD", &full_disk().display()),
        setting("FULL_AREA", &area),
        setting("FULL_AT", &at),
        setting("FULL_FOR", &LASTS),
        setting("FULL_TOLD", &house.files.folder.join("told").display()),
    ];
    house.files.spawn_as(&wrapper.each_ref().map(String::as_str))
}

/// A whole incident with models, its disk full from that write of that place on.
async fn full_at(area: &str, at: u32) -> Seen {
    let server = model(both(careful_analyzer(), careful_fixer())).await;
    let house = house(Plan::default(), tables(Shape::Anthropic, &server, BOTH)).await;
    let (service, start) = started(&house, area, at).await;
    let door = service.address().await;
    fails(&house).await;
    let over =
        |row: &Value| ["proposed", "explained", "escalated"].iter().any(|state| row["state"] == *state);
    let incident = house.files.incident_where("over", over).await;
    let (status, answer) = analyze(door, json!({})).await;
    assert_ne!(answer["promote"], json!(true), "{area} {at}: {status}");
    let (status, log) = service.terminate().await;
    let log = log.join("\n");
    assert_eq!(status.code(), Some(0), "{area} {at}: {log}");
    let told = std::fs::read_to_string(house.files.folder.join("told")).unwrap_or_default();
    let pulls = house.pulls();
    assert!(pulls.len() <= 1 && house.branches().len() == pulls.len(), "{area} {at}: {pulls:#?}");
    assert_eq!(incident["state"] == "proposed", pulls.len() == 1, "{area} {at}: {incident}");
    if pulls.is_empty() {
        assert!(incident["reason"].is_string(), "{area} {at}: nothing is explained: {incident}");
    }
    let mut reasons: Vec<String> = house.events().into_iter().map(|(reason, _)| reason).collect();
    let said = reasons.len();
    reasons.sort();
    reasons.dedup();
    assert_eq!(reasons.len(), said, "{area} {at}: an Event was said twice");
    // What is kept is whole: the case can be read.
    let shown = house.files.show("shop/checkout").await;
    assert!(shown["incident"].is_object(), "{area} {at}");
    Seen { failed: told.lines().count(), start, log, incident, missing: shown["case"]["missing"].to_string() }
}

/// A running daemon. One whose start finds the disk full says so and ends; when there is room, the next start begins.
async fn started(house: &House, area: &str, at: u32) -> (Service, Start) {
    let service = serve(house, area, at);
    let said =
        service.said("how it starts", |line| line.contains("\"listening\"") || line.contains('×')).await;
    if !said.contains('×') {
        return (service, Start::Begun);
    }
    let (status, said) = service.end().await;
    let said = said.join(" ");
    assert_eq!(status.code(), Some(1), "{area} {at}: {said}");
    let said: String = said.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    let full = said.contains("is full") || said.contains("No space left on device");
    assert!(full, "{area} {at}: it does not say why: {said}");
    (house.files.spawn(), Start::Refused)
}

/// The canary fails; what the spool could not hold is not waited for.
async fn fails(house: &House) {
    let canary = house.begin_canary().await;
    house.say(&canary.pod, crate::shop::traces());
    house.fail(&canary).await;
}

/// Tries the points of a place, some at a time; at least so many of them must be writes that there were.
async fn full_at_each(area: &str, points: &[u32], least: usize) -> Vec<Seen> {
    let mut seen = Vec::new();
    for points in points.chunks(4) {
        seen.extend(join_all(points.iter().map(|at| full_at(area, *at))).await);
    }
    let hit = seen.iter().filter(|seen| seen.failed > 0).count();
    assert!(hit >= least, "only {hit} of {} points of {area} are writes", points.len());
    seen.retain(|seen| seen.failed > 0);
    seen
}

/// The journal holds the ledger and the checkpoints as well, and its lock lies beside it.
#[tokio::test]
async fn a_disk_that_is_full_at_any_write_of_the_journal_loses_and_doubles_nothing() {
    let seen =
        full_at_each("/data/rollmend.db", &[1, 20, 50, 80, 100, 120, 140, 160, 180, 200, 230, 260], 8).await;
    for seen in &seen {
        assert_eq!(seen.incident["state"], "proposed", "{}", seen.log);
    }
    let refused = seen.iter().filter(|seen| seen.start == Start::Refused).count();
    assert!(refused > 0 && refused < seen.len(), "{refused} of {}", seen.len());
    assert!(seen.iter().any(|seen| seen.log.contains("the disk is full: make room")), "nobody was told");
}

#[tokio::test]
async fn a_disk_that_is_full_at_any_write_of_a_case_file_loses_and_doubles_nothing() {
    let seen = full_at_each("/data/cases", &[1, 2, 3, 4], 2).await;
    for seen in &seen {
        assert_eq!(seen.incident["state"], "proposed", "{}", seen.log);
    }
}

#[tokio::test]
async fn a_disk_that_is_full_at_any_write_of_a_followed_log_ends_in_one_incident() {
    full_at_each("/data/spool", &[1, 2, 4, 8], 2).await;
}

#[tokio::test]
async fn a_disk_that_is_full_at_any_write_of_a_clone_ends_in_one_incident() {
    let seen = full_at_each("/data/clones", &[1, 2, 4, 8, 12, 16, 24, 32], 4).await;
    for seen in &seen {
        assert_eq!(seen.incident["state"], "proposed", "{} {}", seen.missing, seen.log);
    }
}
