//! SIGKILL at every point of an incident, and a restart: nothing is lost, nothing is done twice.

use futures::future::join_all;
use reqwest::Method;
use testbed::wire::{Asked, Fault, Misdeed};

use crate::house::{House, within};
use crate::plan::Plan;
use crate::service::Service;
use crate::shop;

const PULLS: &str = "/api/v3/repos/acme/shop/pulls";
const EVENTS: &str = "/api/v1/namespaces/shop/events";

/// After what it is killed.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// A step with these words was written.
    Step(&'static str),
    /// GitHub has the branch.
    Pushed,
    /// GitHub has opened the pull request and the answer was cut.
    OpenedWithoutAnswer,
    /// The API server has the first Event and the answer was cut.
    SaidWithoutAnswer,
}

const POINTS: [Point; 11] = [
    Point::Step("trouble: "),
    Point::Step("the run has ended"),
    Point::Step("evidence frozen at the trouble"),
    Point::Step("cause: "),
    Point::Step("evidence frozen at the end"),
    Point::Step("leads to a patch"),
    Point::Step("patch: "),
    Point::Pushed,
    Point::OpenedWithoutAnswer,
    Point::Step("pull request "),
    Point::SaidWithoutAnswer,
];

#[tokio::test]
async fn wherever_it_is_killed_there_is_one_incident_one_pull_request_and_one_event_for_each_occasion() {
    // Some at a time: each has a daemon and the outside of its own.
    for points in POINTS.chunks(4) {
        join_all(points.iter().map(|point| killed_after(*point))).await;
    }
}

async fn killed_after(point: Point) {
    let (house, service) = House::with_daemon(Plan::default()).await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.spooled("KeyError: 'cost'").await;
    cut(&house, point);
    house.fail(&canary).await;
    reached(&house, &service, point).await;
    service.kill().await;
    house.github.wire().clear_faults();
    house.kubernetes.wire().clear_faults();
    whole_after_restart(&house, point).await;
}

#[tokio::test]
async fn killed_after_every_step_one_after_the_other_it_still_comes_to_its_end() {
    let (house, mut service) = House::with_daemon(Plan::default()).await;
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.spooled("KeyError: 'cost'").await;
    house.fail(&canary).await;
    let steps = ["evidence frozen at the trouble", "evidence frozen at the end", "patch: ", "pull request "];
    for step in steps {
        let next = tokio::select! {
            line = service.stepped(step) => line,
            // An earlier life may have got further than its own last line told.
            _ = house.files.incident("proposed") => String::new(),
        };
        service.kill().await;
        service = house.files.spawn();
        if next.is_empty() {
            break;
        }
    }
    drop(service);
    whole_after_restart(&house, Point::Step("each step")).await;
}

fn cut(house: &House, point: Point) {
    match point {
        Point::OpenedWithoutAnswer => {
            house.github.wire().fault(Fault::nth(Method::POST, PULLS, 1, Misdeed::CutAfterHandling));
        }
        Point::SaidWithoutAnswer => {
            house.kubernetes.wire().fault(Fault::nth(Method::POST, EVENTS, 1, Misdeed::CutAfterHandling));
        }
        Point::Step(_) | Point::Pushed => {}
    }
}

async fn reached(house: &House, service: &Service, point: Point) {
    let posted = |path: &'static str| {
        move |asked: &Asked| asked.method == Method::POST && asked.path.starts_with(path)
    };
    match point {
        Point::Step(words) => drop(service.stepped(words).await),
        Point::Pushed => {
            let pushed = |asked: &Asked| asked.path.ends_with("/git-receive-pack") && asked.status.is_some();
            within("the push", house.github.wire().wait_for(pushed)).await;
        }
        Point::OpenedWithoutAnswer => {
            within("the pull request", house.github.wire().wait_for(posted(PULLS))).await;
            within("the pull request", until(|| !house.pulls().is_empty())).await;
        }
        Point::SaidWithoutAnswer => {
            within("the Event", house.kubernetes.wire().wait_for(posted(EVENTS))).await;
            house.event("CanaryExplained").await;
        }
    }
}

async fn until(holds: impl Fn() -> bool) {
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(10));
    while !holds() {
        looks.tick().await;
    }
}

async fn whole_after_restart(house: &House, point: Point) {
    println!("after {point:?}");
    let service = house.serve().await;
    let incident = house.files.incident("proposed").await;
    house.event("FixProposed").await;
    let (status, log) = service.terminate().await;
    assert!(status.success(), "{point:?}: {status}");
    let log = log.join("\n");
    let pulls = house.pulls();
    assert_eq!(pulls.len(), 1, "{point:?}: {pulls:#?}\n{log}");
    let branch = format!("main/{}", &house.revisions.culprit[..12]);
    assert_eq!(house.branches(), [branch], "{point:?}");
    assert_eq!(incident["pull_request"], format!("{}/pull/1", house.repository_url()), "{point:?}");
    assert_eq!(incident["confidence"], 90, "{point:?}: evidence was lost");
    let mut reasons: Vec<String> = house.events().into_iter().map(|(reason, _)| reason).collect();
    reasons.sort();
    assert_eq!(reasons, ["CanaryExplained", "FixProposed"], "{point:?}\n{log}");
    assert_eq!(house.files.incidents().await.len(), 1, "{point:?}");
}
