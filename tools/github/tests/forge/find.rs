//! Which pull requests a branch has.

use domain::ports::Forge as _;
use domain::{PullRequest, PullRequestNumber, PullRequestState};
use http::Method;
use testbed::github::Opening;
use testbed::wire::{Fault, Misdeed};

use crate::stage::{BRANCH, LOGIN, NAME, Stage, push};

fn expected(stage: &Stage, number: u64, author: &str, state: PullRequestState) -> PullRequest {
    PullRequest {
        number: PullRequestNumber(number),
        url: format!("{}/{NAME}/pull/{number}", stage.double.url()),
        author: author.to_owned(),
        branch: Stage::branch(),
        head: stage.head.parse().unwrap(),
        state,
    }
}

#[tokio::test]
async fn the_login_is_asked_once() {
    let stage = Stage::new().await;
    let forge = stage.forge();
    for _ in 0..3 {
        assert_eq!(forge.login(&stage.repository).await.unwrap(), LOGIN);
    }
    assert_eq!(stage.asked("GET", "/user"), 1);
}

#[tokio::test]
async fn a_branch_without_pull_requests_has_none() {
    let stage = Stage::new().await;
    stage.opened_by("ada", BRANCH);
    let other = "rollmend/main/ffffffffffff".parse().unwrap();
    assert_eq!(stage.forge().find(&stage.repository, &other).await.unwrap(), []);
}

#[tokio::test]
async fn closed_and_merged_ones_are_found_newest_first_also_when_the_branch_is_gone() {
    let stage = Stage::new().await;
    let ada = stage.double.human("ada");
    let first = stage.opened_by(LOGIN, BRANCH);
    ada.close_pull(NAME, first).unwrap();
    let second = stage.opened_by(LOGIN, BRANCH);
    ada.merge_pull(NAME, second).unwrap();
    ada.delete_branch(NAME, BRANCH).unwrap();
    let found = stage.forge().find(&stage.repository, &Stage::branch()).await.unwrap();
    let expected = [
        expected(&stage, second, LOGIN, PullRequestState::Merged),
        expected(&stage, first, LOGIN, PullRequestState::Closed),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_declined_one_is_found_even_if_the_filter_misses_it() {
    let stage = Stage::new().await;
    let declined = stage.opened_by(LOGIN, BRANCH);
    stage.double.human("ada").close_pull(NAME, declined).unwrap();
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let nothing = Misdeed::Status { code: 200, headers, body: "[]".to_owned() };
    stage.double.wire().fault(Fault::nth(Method::GET, format!("/repos/{NAME}/pulls"), 1, nothing));
    let found = stage.forge().find(&stage.repository, &Stage::branch()).await.unwrap();
    assert_eq!(found, [expected(&stage, declined, LOGIN, PullRequestState::Closed)]);
}

#[tokio::test]
async fn attack_28_one_of_another_is_shown_with_its_author_and_one_of_a_fork_not_at_all() {
    let stage = Stage::new().await;
    let opening = Opening { title: "t", body: "<!-- rollmend -->", head: BRANCH, base: "main" };
    stage.double.human("mallory").open_pull_from_fork(NAME, &opening).unwrap();
    assert_eq!(stage.forge().find(&stage.repository, &Stage::branch()).await.unwrap(), []);
    let forged = stage.opened_by("mallory", BRANCH);
    let found = stage.forge().find(&stage.repository, &Stage::branch()).await.unwrap();
    assert_eq!(found, [expected(&stage, forged, "mallory", PullRequestState::Open)]);
}

#[tokio::test]
async fn all_pages_are_read() {
    let stage = Stage::new().await;
    let ada = stage.double.human("ada");
    for _ in 0..101 {
        let number = stage.opened_by(LOGIN, BRANCH);
        ada.close_pull(NAME, number).unwrap();
    }
    let found = stage.forge().find(&stage.repository, &Stage::branch()).await.unwrap();
    assert_eq!((found.len(), found[0].number), (101, PullRequestNumber(101)));
}

#[tokio::test]
async fn a_renamed_repository_is_still_found() {
    let stage = Stage::new().await;
    let number = stage.opened_by(LOGIN, BRANCH);
    stage.double.rename(NAME, "store").unwrap();
    let found = stage.forge().find(&stage.repository, &Stage::branch()).await.unwrap();
    assert_eq!(found.iter().map(|pull| pull.number.0).collect::<Vec<_>>(), [number]);
}

#[tokio::test]
async fn github_enterprise_below_its_path_is_asked_the_same_way() {
    let stage = Stage::new().await;
    push(&stage.double.human("ada"), "other", "x");
    let number = stage.opened_by(LOGIN, BRANCH);
    let token = crate::stage::TOKEN.to_owned().into();
    let settings = tool_github::GitHubSettings::at(&stage.double.enterprise_api(), token).unwrap();
    let forge = tool_github::GitHub::new(&settings).unwrap();
    let found = forge.find(&stage.repository, &Stage::branch()).await.unwrap();
    assert_eq!(found.iter().map(|pull| pull.number.0).collect::<Vec<_>>(), [number]);
}
