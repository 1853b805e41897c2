//! The outside fails: the daemon waits, tries again, says what is missing, and does everything once.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use testbed::kubernetes::{CustomResources, Gone};
use testbed::wire::{Calls, Fault, Misdeed};

use crate::house::{House, REQUESTS, within};
use crate::plan::{Metric, Plan};
use crate::shop;

const PULLS: &str = "/api/v3/repos/acme/shop/pulls";

fn status(code: u16, headers: &[(&str, &str)]) -> Misdeed {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Misdeed::Status { code, headers, body: "{\"message\":\"not now\"}".to_owned() }
}

async fn ends_in_one_draft(house: &House) -> Value {
    let incident = house.files.incident("proposed").await;
    assert_eq!((house.pulls().len(), house.branches().len()), (1, 1));
    incident
}

#[tokio::test]
async fn an_api_server_that_restarts_in_mid_incident_loses_nothing() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.spooled("KeyError: 'cost'").await;
    house.kubernetes.wire().stop().await;
    house.fail(&canary).await;
    house.kubernetes.wire().restart().await.unwrap();
    let incident = ends_in_one_draft(&house).await;
    assert_eq!(incident["confidence"], 90);
    house.event("FixProposed").await;
    drop(service.terminate().await);
}

#[tokio::test]
async fn a_watch_that_is_told_gone_sees_what_happened_meanwhile() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    house.kubernetes.compact(Gone::ByEvent);
    house.kubernetes.expire_watches();
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.spooled("KeyError: 'cost'").await;
    house.kubernetes.compact(Gone::ByStatus);
    house.kubernetes.expire_watches();
    house.fail(&canary).await;
    ends_in_one_draft(&house).await;
    drop(service.terminate().await);
}

#[tokio::test]
async fn argo_rollouts_may_be_installed_after_the_daemon() {
    let house = House::build(Plan { custom_resources: CustomResources::Absent, ..Plan::default() }).await;
    let service = house.files.spawn();
    service.said("that it waits", |line| line.contains("WARN") || line.contains("rollouts")).await;
    house.kubernetes.install_custom_resources();
    house.open_shop().await;
    house.break_canary().await;
    ends_in_one_draft(&house).await;
    drop(service.terminate().await);
}

#[tokio::test]
async fn a_prometheus_that_is_down_is_said_to_be_missing_and_holds_nothing_up() {
    let plan = Plan {
        cluster: "prometheus = \"http://127.0.0.1:9\"".to_owned(),
        gate: format!("requests = '{REQUESTS}'"),
        metric: Metric::Prometheus,
        ..Plan::default()
    };
    let (house, service) = House::with_daemon(plan).await;
    house.break_canary().await;
    let incident = ends_in_one_draft(&house).await;
    assert_eq!(incident["category"], "code");
    let shown = house.files.show("shop/checkout").await;
    let missing = shown["case"]["missing"].to_string();
    assert!(missing.contains("error-ratio") && missing.contains("127.0.0.1:9"), "{missing}");
    drop(service.terminate().await);
}

#[tokio::test]
async fn a_github_in_trouble_is_tried_again_and_gets_one_pull_request() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    let wire = house.github.wire();
    wire.fault(Fault::nth(Method::GET, "/acme/shop.git/info/refs", 1, status(500, &[])));
    wire.fault(Fault::nth(Method::POST, PULLS, 1, status(429, &[("retry-after", "1")])));
    wire.fault(Fault::nth(Method::POST, PULLS, 2, Misdeed::CutAfterHandling));
    house.break_canary().await;
    ends_in_one_draft(&house).await;
    drop(service.terminate().await);
    let opened = house.asked_of_github(|asked| asked.method == Method::POST && asked.path == PULLS);
    assert_eq!(opened.len(), 2, "the one that GitHub took was sent again: {opened:?}");
}

#[tokio::test]
async fn the_order_to_stop_lets_a_pull_request_in_work_be_opened_and_ends_well() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    let late = Fault {
        method: Some(Method::POST),
        path: PULLS.to_owned(),
        calls: Calls::Nth(1),
        does: Misdeed::Delay(Duration::from_secs(1)),
    };
    house.github.wire().fault(late);
    house.break_canary().await;
    let posted = house.github.wire().wait_for(|asked| asked.method == Method::POST && asked.path == PULLS);
    within("the request", posted).await;
    let began = tokio::time::Instant::now();
    let (status, log) = service.terminate().await;
    assert_eq!(status.code(), Some(0), "{}", log.join("\n"));
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    assert!(log.last().unwrap().contains("stopped"), "{log:?}");
    ends_in_one_draft(&house).await;
    // The Event is said by whoever comes next.
    let service = house.serve().await;
    house.event("FixProposed").await;
    drop(service.terminate().await);
    ends_in_one_draft(&house).await;
}

#[tokio::test]
async fn an_idle_daemon_ends_at_once() {
    let (_house, service) = House::with_daemon(Plan::default()).await;
    let began = tokio::time::Instant::now();
    let (status, _) = service.terminate().await;
    assert_eq!(status.code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

/// A disk of its own for the daemon, in a mount namespace of its own, where this user may make one.
const SMALL_DISK: [&str; 7] = [
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-c",
    "mount -t tmpfs -o size=12m tmpfs data && exec \"$0\" \"$@\"",
];

#[tokio::test]
async fn a_full_disk_is_said_and_when_there_is_room_it_goes_on() {
    let probe = "mount -t tmpfs tmpfs /mnt";
    let may = std::process::Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", probe])
        .output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this user may not mount a tmpfs in a mount namespace of its own");
        return;
    }
    let house = House::build(Plan::default()).await;
    house.open_shop().await;
    let service = house.files.spawn_as(&SMALL_DISK);
    service.address().await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    let disk = format!("/proc/{}/root{}", service.pid(), house.files.data().display());
    let disk = Path::new(&disk);
    within("the spooled log", house.spooled_in(&disk.join("spool"), "KeyError: 'cost'")).await;
    fill(&disk.join("filler"));
    house.fail(&canary).await;
    let said = service.said("what is wrong", |line| line.contains("failed to write a step")).await;
    assert!(said.contains("the disk is full: make room"), "{said}");
    assert_eq!(house.pulls(), [], "something was done that is not written");
    std::fs::remove_file(disk.join("filler")).unwrap();
    service.stepped("pull request ").await;
    house.event("FixProposed").await;
    assert_eq!((house.pulls().len(), house.branches().len()), (1, 1));
    let (status, _) = service.terminate().await;
    assert_eq!(status.code(), Some(0));
}

/// Writes until there is no room left.
fn fill(path: &Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(path).unwrap();
    for size in [1 << 20, 4096, 1] {
        let piece = vec![0; size];
        while file.write_all(&piece).is_ok() {}
    }
}
