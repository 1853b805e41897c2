//! Opening a pull request, once.

use domain::ports::Forge as _;
use domain::{PullRequestState, Remedy};
use http::Method;
use testbed::github::Stage as PullStage;
use testbed::wire::{Fault, Misdeed};

use crate::stage::{BRANCH, LOGIN, NAME, Stage};

fn pulls() -> String {
    format!("/repos/{NAME}/pulls")
}

fn refuses(message: &str) -> Misdeed {
    let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
    let body = format!(
        r#"{{"message":"Validation Failed","errors":[{{"resource":"PullRequest","code":"custom","message":"{message}"}}]}}"#
    );
    Misdeed::Status { code: 422, headers, body }
}

#[tokio::test]
async fn a_draft_is_opened_with_its_labels() {
    let stage = Stage::new().await;
    let opened = stage.forge().open(&stage.proposal()).await.unwrap();
    assert_eq!((opened.author.as_str(), opened.state), (LOGIN, PullRequestState::Open));
    assert_eq!(opened.head.as_str(), stage.head);
    let [pull] = stage.double.pulls(NAME).unwrap().try_into().unwrap();
    assert_eq!(pull.number, opened.number.0);
    assert_eq!(
        (pull.title.as_str(), pull.body.as_deref()),
        ("fix: undo it", Some(stage.proposal().body.as_str()))
    );
    assert_eq!((pull.stage, pull.head.as_str(), pull.base.as_str()), (PullStage::Draft, BRANCH, "main"));
    assert_eq!(pull.labels, ["rollmend", "canary"]);
}

#[tokio::test]
async fn one_that_is_open_already_is_returned() {
    let stage = Stage::new().await;
    let forge = stage.forge();
    let first = forge.open(&stage.proposal()).await.unwrap();
    assert_eq!(forge.open(&stage.proposal()).await.unwrap(), first);
    assert_eq!(stage.double.pulls(NAME).unwrap().len(), 1);
}

#[tokio::test]
async fn attack_28_one_of_another_that_stands_in_the_way_is_returned_with_its_author() {
    let stage = Stage::new().await;
    stage.opened_by("mallory", BRANCH);
    let opened = stage.forge().open(&stage.proposal()).await.unwrap();
    assert_eq!(opened.author, "mallory");
}

#[tokio::test]
async fn an_answer_that_was_cut_is_not_repeated_and_found_on_the_next_try() {
    let stage = Stage::new().await;
    stage.double.wire().fault(Fault::nth(Method::POST, pulls(), 1, Misdeed::CutAfterHandling));
    let failure = stage.forge().open(&stage.proposal()).await.unwrap_err();
    assert_eq!((failure.kind, &failure.remedy), ("github-connection", &Remedy::Retry { after: None }));
    assert_eq!(stage.asked("POST", &pulls()), 1);
    let opened = stage.forge().open(&stage.proposal()).await.unwrap();
    assert_eq!(
        stage.double.pulls(NAME).unwrap().iter().map(|pull| pull.number).collect::<Vec<_>>(),
        [opened.number.0]
    );
}

#[tokio::test]
async fn a_server_error_does_not_open_it_twice() {
    let stage = Stage::new().await;
    let does = Misdeed::Status { code: 502, headers: vec![], body: String::new() };
    stage.double.wire().fault(Fault::every(pulls(), does));
    let failure = stage.forge().open(&stage.proposal()).await.unwrap_err();
    assert_eq!(failure.kind, "github-server");
    assert_eq!(stage.asked("POST", &pulls()), 1);
}

#[tokio::test]
async fn where_there_are_no_drafts_the_title_says_so() {
    let stage = Stage::new().await;
    let refusal = refuses("Draft pull requests are not supported in this repository.");
    stage.double.wire().fault(Fault::nth(Method::POST, pulls(), 1, refusal));
    stage.forge().open(&stage.proposal()).await.unwrap();
    let [pull] = stage.double.pulls(NAME).unwrap().try_into().unwrap();
    assert_eq!((pull.title.as_str(), pull.stage), ("[draft] fix: undo it", PullStage::Ready));
}

#[tokio::test]
async fn labels_that_are_refused_do_not_lose_the_pull_request() {
    let stage = Stage::new().await;
    let does = Misdeed::Status { code: 403, headers: vec![], body: "{}".to_owned() };
    stage.double.wire().fault(Fault::nth(Method::POST, format!("/repos/{NAME}/issues/1/labels"), 1, does));
    assert_eq!(stage.forge().open(&stage.proposal()).await.unwrap().number.0, 1);
}

#[tokio::test]
async fn an_absent_branch_may_yet_appear_and_an_absent_base_may_not() {
    let stage = Stage::new().await;
    let mut proposal = stage.proposal();
    proposal.branch = "rollmend/main/ffffffffffff".parse().unwrap();
    let failure = stage.forge().open(&proposal).await.unwrap_err();
    assert_eq!(failure.remedy, Remedy::Retry { after: None }, "{failure}");
    let mut proposal = stage.proposal();
    proposal.patch.base = "nowhere".parse().unwrap();
    let failure = stage.forge().open(&proposal).await.unwrap_err();
    assert_eq!((failure.kind, &failure.remedy), ("github-refused", &Remedy::GiveUp));
    assert!(failure.what.contains("base is invalid"), "{}", failure.what);
}

#[tokio::test]
async fn a_title_and_body_over_githubs_limits_are_cut() {
    let stage = Stage::new().await;
    let mut proposal = stage.proposal();
    proposal.title = "x".repeat(400);
    proposal.body = format!("{}\n<!-- rollmend incident=a suspect=b -->", "y".repeat(70_000));
    stage.forge().open(&proposal).await.unwrap();
    let [pull] = stage.double.pulls(NAME).unwrap().try_into().unwrap();
    assert_eq!(pull.title.len(), 256);
    assert!(pull.body.unwrap().ends_with("<!-- rollmend incident=a suspect=b -->"));
}
