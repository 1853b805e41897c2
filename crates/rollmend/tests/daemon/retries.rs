//! What comes after a pull request: a retry that passes, a person who says no, somebody who passes for the daemon.

use testbed::github::{Change, Opening, PullState, Stage};

use crate::house::{House, LOGIN};
use crate::plan::Plan;
use crate::shop::{self, REPOSITORY};
use crate::verdicts::Fares;

#[tokio::test]
async fn a_retry_whose_canary_is_clean_withdraws_and_says_so_once_on_the_draft() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    let canary = house.break_canary().await;
    house.files.incident("proposed").await;
    let again = house.retry(&canary).await;
    assert_eq!(again.hash, canary.hash);
    house.say(&again.pod, shop::quiet_lines());
    service.stepped("retried").await;
    house.analyse(Fares::Well).await;
    house.rollout("promoted", |rollout| rollout["status"]["stableRS"] == canary.hash.as_str()).await;
    let incident = house.files.incident("withdrawn").await;
    assert_eq!((&incident["attempt"], &incident["canary"]), (&2.into(), &canary.hash.as_str().into()));
    service
        .said("that it told so", |line| {
            line.contains("\"state\":\"withdrawn\"") && line.contains("\"event\":\"done\"")
        })
        .await;
    let (status, _) = service.terminate().await;
    assert!(status.success());

    let pulls = house.pulls();
    let [pull] = pulls.as_slice() else { panic!("{pulls:#?}") };
    assert_eq!((&pull.state, pull.stage), (&PullState::Open, Stage::Draft));
    let comments = house.github.comments(REPOSITORY, pull.number).unwrap();
    let [comment] = comments.as_slice() else { panic!("{comments:#?}") };
    assert_eq!(comment.author, LOGIN);
    assert!(comment.body.contains("passed"), "{}", comment.body);
}

#[tokio::test]
async fn a_retry_that_fails_alike_joins_the_same_draft() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    let canary = house.break_canary().await;
    house.files.incident("proposed").await;
    let again = house.retry(&canary).await;
    service.stepped("retried").await;
    for pod in house.pods() {
        house.say(&pod, shop::quiet_lines());
    }
    house.say(&again.pod, shop::traces());
    house.fail(&again).await;
    let incident = house
        .files
        .incident_where("proposed again", |row| row["state"] == "proposed" && row["attempt"] == 2)
        .await;
    drop(service.terminate().await);
    assert_eq!(incident["pull_request"], format!("{}/pull/1", house.repository_url()));
    assert_eq!((house.pulls().len(), house.branches().len()), (1, 1));
}

#[tokio::test]
async fn a_draft_that_a_person_closed_is_never_opened_again() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    house.break_canary().await;
    house.files.incident("proposed").await;
    house.event("FixProposed").await;
    let grace = house.github.human("grace");
    grace.close_pull(REPOSITORY, 1).unwrap();
    let branch = format!("rollmend/main/{}", &house.revisions.culprit[..12]);
    grace.delete_branch(REPOSITORY, &branch).unwrap();

    // Another canary with the same suspect.
    let second = house.begin_canary_as("1.1.1").await;
    house.say(&second.pod, shop::traces());
    house.fail(&second).await;
    house.files.incident_of(&second.hash, "declined").await;
    let said = house.event("FixDeclined").await;
    assert!(said.contains("/pull/1") && said.contains("not opened again"), "{said}");
    drop(service.terminate().await);
    let pulls = house.pulls();
    let [pull] = pulls.as_slice() else { panic!("{pulls:#?}") };
    assert!(matches!(pull.state, PullState::Closed(_)), "{pull:?}");
    assert_eq!(house.branches(), Vec::<String>::new());
}

/// Attack 28: the marker, the branch and the title of a pull request can be anybody's; its author cannot.
#[tokio::test]
async fn a_pull_request_that_only_looks_like_ours_is_not_believed() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    let canary = house.begin_canary().await;
    let branch = format!("rollmend/main/{}", &house.revisions.culprit[..12]);
    let mallory = house.github.human("mallory");
    let change =
        Change { message: "Revert \"Read the cost of each order\"", files: &[("shop/evil.py", Some("1"))] };
    let head = mallory.push(REPOSITORY, &branch, &change).unwrap();
    let body =
        format!("<!-- rollmend incident=shop-checkout-00000000 suspect={} -->", house.revisions.culprit);
    let opening =
        Opening { title: "Revert \"Read the cost of each order\"", body: &body, head: &branch, base: "main" };
    mallory.open_pull(REPOSITORY, &opening).unwrap();
    house.say(&canary.pod, shop::traces());
    house.fail(&canary).await;

    let incident = house.files.incident("escalated").await;
    let reason = incident["reason"].as_str().unwrap();
    assert!(reason.contains("was opened by another"), "{reason}");
    assert_eq!(incident["pull_request"], serde_json::Value::Null);
    assert!(house.event("HumanNeeded").await.contains("was opened by another"));
    drop(service.terminate().await);
    assert_eq!(house.pulls().len(), 1, "nothing was opened beside it");
    assert_eq!(house.github.refs(REPOSITORY).unwrap()[&format!("refs/heads/{branch}")], head);
    assert_eq!(house.github.comments(REPOSITORY, 1).unwrap(), []);
}

/// The same from a fork, which can carry any branch name: it stands in nobody's way.
#[tokio::test]
async fn a_look_alike_from_a_fork_does_not_keep_ours_from_being_opened() {
    let (house, service) = House::with_daemon(Plan::default()).await;
    let canary = house.begin_canary().await;
    let branch = format!("rollmend/main/{}", &house.revisions.culprit[..12]);
    let mallory = house.github.human("mallory");
    let change = Change { message: "x", files: &[("shop/evil.py", Some("1"))] };
    mallory.push(REPOSITORY, &branch, &change).unwrap();
    let body =
        format!("<!-- rollmend incident=shop-checkout-00000000 suspect={} -->", house.revisions.culprit);
    let opening = Opening { title: "Revert it", body: &body, head: &branch, base: "main" };
    mallory.open_pull_from_fork(REPOSITORY, &opening).unwrap();
    mallory.delete_branch(REPOSITORY, &branch).unwrap();
    house.say(&canary.pod, shop::traces());
    house.fail(&canary).await;

    let incident = house.files.incident("proposed").await;
    drop(service.terminate().await);
    assert_eq!(incident["pull_request"], format!("{}/pull/2", house.repository_url()));
    let authors: Vec<String> = house.pulls().into_iter().map(|pull| pull.author).collect();
    assert_eq!(authors, ["mallory", LOGIN]);
}
