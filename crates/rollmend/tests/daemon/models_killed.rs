//! SIGKILL while agents work, and a restart: they go on where they were, and no answer is paid for twice.

use std::collections::BTreeMap;

use futures::future::join_all;
use reqwest::Method;
use testbed::models::{Answer, ModelServer, Outcome};
use testbed::wire::{Asked, Fault, Misdeed};

use crate::house::within;
use crate::models_staff::{
    FIXER, MENDED, Shape, asked, both, broken, careful_analyzer, careful_fixer, staffed, went_as_written,
};
use crate::shop::REPOSITORY;

const PULLS: &str = "/api/v3/repos/acme/shop/pulls";

/// How often each turn was asked for, by the opening of its conversation.
fn turns(server: &ModelServer) -> BTreeMap<(String, String, usize), u32> {
    let mut turns = BTreeMap::new();
    for request in server.requests() {
        let Outcome::Played { conversation, turn } = &request.outcome else {
            panic!("{:?}", request.outcome)
        };
        let messages = request.body["messages"].as_array().unwrap();
        let opening = messages.iter().find(|message| message["role"] == "user").unwrap().to_string();
        *turns.entry((conversation.clone(), opening, *turn)).or_insert(0) += 1;
    }
    turns
}

/// Of which role the answer to one turn does not come before the daemon is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Point {
    role: &'static str,
    turn: usize,
}

/// The model has answered all turns before this one, and what it asked for was done: the answer hangs, the daemon is killed.
async fn killed_before(shape: Shape, point: Point) {
    let (mut analyzer, mut fixer) = (careful_analyzer(), careful_fixer());
    let role = if point.role == "fixer" { &mut fixer } else { &mut analyzer };
    role[point.turn] = role[point.turn].clone().after(Answer::Hang);
    let (house, server, service) = staffed(shape, both(analyzer, fixer)).await;
    broken(&house).await;
    let hangs = |server: &ModelServer| {
        turns(server).keys().any(|(name, _, turn)| name == point.role && *turn == point.turn)
    };
    let hanging = async {
        let mut looks = tokio::time::interval(std::time::Duration::from_millis(20));
        while !hangs(&server) {
            looks.tick().await;
        }
    };
    within("the turn", hanging).await;
    service.kill().await;

    let service = house.serve().await;
    let incident = house.files.incident("proposed").await;
    house.event("FixProposed").await;
    drop(service.terminate().await);
    went_as_written(&server);
    let asked_again: Vec<_> = turns(&server).into_iter().filter(|(_, count)| *count > 1).collect();
    let [((name, _, turn), 2)] = &asked_again[..] else { panic!("{point:?}: {asked_again:#?}") };
    assert_eq!((name.as_str(), *turn), (point.role, point.turn), "an answer was paid for twice");
    assert_eq!(incident["confidence"], 88, "{point:?}");
    let pulls = house.pulls();
    assert_eq!((pulls.len(), house.branches().len()), (1, 1), "{point:?}");
    assert_eq!(pulls[0].title, "Price orders without a cost at nothing", "{point:?}");
    let diff = house.github.diff(REPOSITORY, 1).unwrap();
    assert!(diff.contains(&format!("+{MENDED}\n")), "{point:?}: the edits before the kill are lost: {diff}");
    assert_eq!(house.files.incidents().await.len(), 1, "{point:?}");
}

#[tokio::test]
async fn killed_between_an_answer_and_the_next_step_an_agent_goes_on_and_pays_once() {
    let points = [("analyzer", 1), ("fixer", 1), ("fixer", 2), ("fixer", 3)];
    for (shape, points) in [(Shape::OpenAi, &points[..2]), (Shape::Anthropic, &points[2..])] {
        let points = points.iter().map(|(role, turn)| Point { role, turn: *turn });
        join_all(points.map(|point| killed_before(shape, point))).await;
    }
}

/// The patch was made and paid for, and GitHub opened the pull request without the daemon hearing of it.
#[tokio::test]
async fn killed_after_the_fixer_ended_no_model_is_asked_again() {
    let (house, server, service) = staffed(Shape::OpenAi, both(careful_analyzer(), careful_fixer())).await;
    house.github.wire().fault(Fault::nth(Method::POST, PULLS, 1, Misdeed::CutAfterHandling));
    broken(&house).await;
    let posted = |asked: &Asked| asked.method == Method::POST && asked.path == PULLS;
    within("the pull request", house.github.wire().wait_for(posted)).await;
    service.kill().await;
    house.github.wire().clear_faults();
    let before = server.requests().len();
    let service = house.serve().await;
    house.files.incident("proposed").await;
    drop(service.terminate().await);
    assert_eq!(server.requests().len(), before, "a model was asked again");
    assert_eq!((asked(&server, FIXER).len(), house.pulls().len(), house.branches().len()), (4, 1, 1));
}
