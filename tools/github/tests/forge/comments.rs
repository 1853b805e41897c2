//! A comment, once.

use domain::PullRequestNumber;
use domain::ports::Forge as _;
use http::Method;
use testbed::wire::{Fault, Misdeed};

use crate::stage::{BRANCH, LOGIN, NAME, Stage};

const MARKER: &str = "<!-- rollmend passed=1 -->";

fn bodies(stage: &Stage, number: u64) -> Vec<(String, String)> {
    let comments = stage.double.comments(NAME, number).unwrap();
    comments.into_iter().map(|comment| (comment.author, comment.body)).collect()
}

#[tokio::test]
async fn a_comment_is_written_once_with_its_marker() {
    let stage = Stage::new().await;
    let number = stage.opened_by(LOGIN, BRANCH);
    for _ in 0..2 {
        let forge = stage.forge();
        forge.comment_once(&stage.repository, PullRequestNumber(number), MARKER, "It passed.").await.unwrap();
    }
    assert_eq!(bodies(&stage, number), [(LOGIN.to_owned(), format!("It passed.\n\n{MARKER}"))]);
}

#[tokio::test]
async fn attack_28_another_with_our_marker_does_not_silence_us() {
    let stage = Stage::new().await;
    let number = stage.opened_by(LOGIN, BRANCH);
    stage.double.human("mallory").comment(NAME, number, MARKER).unwrap();
    let forge = stage.forge();
    forge.comment_once(&stage.repository, PullRequestNumber(number), MARKER, "It passed.").await.unwrap();
    assert_eq!(bodies(&stage, number).len(), 2);
}

#[tokio::test]
async fn a_comment_of_ours_on_a_later_page_is_found_whatever_the_case_of_the_login() {
    let stage = Stage::new().await;
    let number = stage.opened_by(LOGIN, BRANCH);
    for _ in 0..100 {
        stage.double.human("ada").comment(NAME, number, "chatter").unwrap();
    }
    stage.double.human("Rollmend-Bot").comment(NAME, number, MARKER).unwrap();
    let forge = stage.forge();
    forge.comment_once(&stage.repository, PullRequestNumber(number), MARKER, "It passed.").await.unwrap();
    assert_eq!(bodies(&stage, number).len(), 101);
}

#[tokio::test]
async fn a_comment_whose_answer_was_cut_is_not_written_again() {
    let stage = Stage::new().await;
    let number = stage.opened_by(LOGIN, BRANCH);
    let path = format!("/repos/{NAME}/issues/{number}/comments");
    stage.double.wire().fault(Fault::nth(Method::POST, path, 1, Misdeed::CutAfterHandling));
    let forge = stage.forge();
    let number = PullRequestNumber(number);
    assert!(forge.comment_once(&stage.repository, number, MARKER, "It passed.").await.is_err());
    forge.comment_once(&stage.repository, number, MARKER, "It passed.").await.unwrap();
    assert_eq!(bodies(&stage, number.0).len(), 1);
}
