//! Pull requests on the GitHub double live as they do on GitHub.

use crate::caller::{Answer, Caller, SHOP, TOKEN, commit, shop};
use serde_json::{Value, json};
use testbed::github::{GitHub, Opening, PullState, Stage};

const PULLS: &str = "/repos/acme/shop/pulls";

async fn open(caller: &Caller, head: &str) -> Answer {
    caller
        .post(
            PULLS,
            json!({ "title": "Undo it", "head": head, "base": "main", "body": "why", "draft": true }),
        )
        .await
}

async fn numbers(caller: &Caller, query: &str) -> Vec<Value> {
    let found = caller.get(&format!("{PULLS}?{query}")).await.json();
    found.as_array().unwrap().iter().map(|pull| pull["number"].clone()).collect()
}

fn errors(answer: &Answer) -> (u16, Value) {
    assert_eq!(answer.json()["message"], "Validation Failed");
    (answer.status, answer.json()["errors"].clone())
}

fn state(github: &GitHub, number: u64) -> PullState {
    github.pulls(SHOP).unwrap().into_iter().find(|pull| pull.number == number).unwrap().state
}

#[tokio::test]
async fn a_pull_request_is_opened_as_a_draft_by_the_tokens_owner() {
    let github = shop().await;
    let answer = open(&Caller::new(&github, TOKEN), "fix").await;
    let body = answer.json();
    assert_eq!((answer.status, answer.header("location")), (201, body["url"].as_str().unwrap()));
    let seen =
        ["number", "state", "draft", "title", "body", "commits", "additions", "deletions", "mergeable_state"];
    let expected = json!([1, "open", true, "Undo it", "why", 1, 1, 1, "draft"]);
    assert_eq!(seen.map(|name| body[name].clone()).as_slice(), expected.as_array().unwrap());
    assert_eq!(body["head"]["label"], "acme:fix");
    assert_eq!(body["user"]["login"], "rollmend");
    let pull = github.pulls(SHOP).unwrap().remove(0);
    assert_eq!(
        (pull.stage, pull.author.as_str(), pull.head_sha),
        (Stage::Draft, "rollmend", github.refs(SHOP).unwrap()["refs/heads/fix"].clone())
    );
}

#[tokio::test]
async fn a_second_one_for_the_same_head_is_refused_while_the_first_is_open() {
    let github = shop().await;
    let caller = Caller::new(&github, TOKEN);
    open(&caller, "fix").await;
    let twin = json!([{
        "resource": "PullRequest", "code": "custom", "message": "A pull request already exists for acme:fix."
    }]);
    assert_eq!(errors(&open(&caller, "acme:fix").await), (422, twin));
    github.human("octocat").close_pull(SHOP, 1).unwrap();
    assert_eq!(open(&caller, "fix").await.status, 201);
}

#[tokio::test]
async fn what_cannot_be_a_pull_request_is_refused_with_its_reason() {
    let github = shop().await;
    let caller = Caller::new(&github, TOKEN);
    let field = |field: &str, code: &str| json!({ "resource": "PullRequest", "field": field, "code": code });
    let custom = |message: &str| json!({ "resource": "PullRequest", "code": "custom", "message": message });
    for (head, base, error) in [
        ("nothing", "main", field("head", "invalid")),
        ("mallory:fix", "main", field("head", "invalid")),
        ("fix", "nothing", field("base", "invalid")),
        ("main", "main", custom("No commits between main and main")),
        ("main", "fix", custom("No commits between fix and main")),
        ("", "main", field("head", "missing_field")),
    ] {
        let answer = caller.post(PULLS, json!({ "title": "t", "head": head, "base": base })).await;
        assert_eq!(errors(&answer), (422, json!([error])), "{head} into {base}");
    }
}

#[tokio::test]
async fn a_body_over_65536_characters_is_refused() {
    let github = shop().await;
    let body = json!({ "title": "t", "head": "fix", "base": "main", "body": "ü".repeat(65_537) });
    let answer = Caller::new(&github, TOKEN).post(PULLS, body).await;
    assert_eq!(errors(&answer).1[0]["message"], "body is too long (maximum is 65536 characters)");
}

#[tokio::test]
async fn the_head_filter_finds_a_closed_one_whose_branch_is_gone() {
    let github = shop().await;
    let caller = Caller::new(&github, TOKEN);
    open(&caller, "fix").await;
    github.human("octocat").delete_branch(SHOP, "fix").unwrap();
    assert_eq!(numbers(&caller, "head=acme:fix").await, Vec::<Value>::new());
    assert_eq!(numbers(&caller, "state=all&head=acme:fix").await, [1]);
    assert_eq!(numbers(&caller, "state=closed&head=acme%3Afix").await, [1]);
}

#[tokio::test]
async fn a_head_filter_without_an_owner_filters_nothing() {
    let github = shop().await;
    let caller = Caller::new(&github, TOKEN);
    open(&caller, "fix").await;
    assert_eq!(numbers(&caller, "head=other").await, [1]);
    assert_eq!(numbers(&caller, "head=acme:other").await, Vec::<Value>::new());
    assert_eq!(numbers(&caller, "base=fix").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_forks_branch_of_the_same_name_is_another_head() {
    let github = shop().await;
    let caller = Caller::new(&github, TOKEN);
    let opening = Opening { title: "Trust me", body: "<!-- forged -->", head: "fix", base: "main" };
    github.human("mallory").open_pull_from_fork(SHOP, &opening).unwrap();
    assert_eq!(numbers(&caller, "head=acme:fix").await, Vec::<Value>::new());
    assert_eq!(numbers(&caller, "head=mallory:fix").await, [1]);
    assert_eq!(open(&caller, "fix").await.status, 201);
    let forged = caller.get(&format!("{PULLS}/1")).await.json();
    assert_eq!(
        (&forged["user"]["login"], &forged["head"]["repo"]["full_name"]),
        (&json!("mallory"), &json!("mallory/shop"))
    );
}

#[tokio::test]
async fn newer_ones_come_first() {
    let github = shop().await;
    let caller = Caller::new(&github, TOKEN);
    commit(&github, "more", "price.txt", "three\n");
    open(&caller, "fix").await;
    open(&caller, "more").await;
    assert_eq!(numbers(&caller, "state=all").await, [2, 1]);
    assert_eq!(numbers(&caller, "direction=asc&per_page=1").await, [1]);
}

#[tokio::test]
async fn a_push_moves_the_head_of_an_open_one_and_not_of_a_closed_one() {
    let github = shop().await;
    let caller = Caller::new(&github, TOKEN);
    open(&caller, "fix").await;
    let second = commit(&github, "fix", "price.txt", "three\n");
    assert_eq!(caller.get(&format!("{PULLS}/1")).await.json()["head"]["sha"], second);
    github.human("octocat").close_pull(SHOP, 1).unwrap();
    commit(&github, "fix", "price.txt", "four\n");
    assert_eq!(caller.get(&format!("{PULLS}/1")).await.json()["head"]["sha"], second);
    assert_eq!(github.refs(SHOP).unwrap()["refs/pull/1/head"], second);
}

#[tokio::test]
async fn a_merge_ends_it_and_names_who_and_where() {
    let github = shop().await;
    let caller = Caller::new(&github, TOKEN);
    open(&caller, "fix").await;
    let commit = github.human("octocat").merge_pull(SHOP, 1).unwrap();
    let seen = caller.get(&format!("{PULLS}/1")).await.json();
    assert_eq!(
        (&seen["state"], &seen["merged"], &seen["merge_commit_sha"]),
        (&json!("closed"), &json!(true), &json!(commit))
    );
    assert_eq!(seen["merged_by"]["login"], "octocat");
    assert_eq!(github.refs(SHOP).unwrap()["refs/heads/main"], commit);
    assert!(matches!(state(&github, 1), PullState::Merged { by, .. } if by == "octocat"));
}

#[tokio::test]
async fn a_conflict_shows_and_cannot_be_merged() {
    let github = shop().await;
    let caller = Caller::new(&github, TOKEN);
    open(&caller, "fix").await;
    commit(&github, "main", "price.txt", "three\n");
    let seen = caller.get(&format!("{PULLS}/1")).await.json();
    assert_eq!((&seen["mergeable"], &seen["mergeable_state"]), (&json!(false), &json!("dirty")));
    assert!(github.human("octocat").merge_pull(SHOP, 1).is_err());
    assert_eq!(state(&github, 1), PullState::Open);
}

#[tokio::test]
async fn one_is_changed_closed_and_opened_again_but_not_without_its_branch() {
    let github = shop().await;
    let caller = Caller::new(&github, TOKEN);
    open(&caller, "fix").await;
    let one = format!("{PULLS}/1");
    let closed = caller.patch(&one, json!({ "state": "closed", "title": "Other" })).await.json();
    assert_eq!(
        (&closed["state"], &closed["title"], &closed["body"]),
        (&json!("closed"), &json!("Other"), &json!("why"))
    );
    assert_eq!(caller.patch(&one, json!({ "state": "open" })).await.json()["state"], "open");
    github.human("octocat").delete_branch(SHOP, "fix").unwrap();
    let refused = caller.patch(&one, json!({ "state": "open" })).await;
    assert_eq!(errors(&refused).1[0]["message"], "state cannot be changed. The fix branch has been deleted.");
}

#[tokio::test]
async fn comments_and_labels_are_added_to_it() {
    let github = shop().await;
    let caller = Caller::new(&github, TOKEN);
    open(&caller, "fix").await;
    let issue = "/repos/acme/shop/issues/1";
    let made = caller.post(&format!("{issue}/comments"), json!({ "body": "it passed" })).await;
    assert_eq!((made.status, &made.json()["user"]["login"]), (201, &json!("rollmend")));
    assert_eq!(caller.get(&format!("{issue}/comments")).await.json(), json!([made.json()]));
    let empty = caller.post(&format!("{issue}/comments"), json!({ "body": " " })).await;
    assert_eq!(errors(&empty).1[0]["code"], "missing_field");
    caller.post(&format!("{issue}/labels"), json!({ "labels": ["rollmend", "bug"] })).await;
    let labels = caller.post(&format!("{issue}/labels"), json!(["bug"])).await.json();
    assert_eq!(
        [&labels[0]["name"], &labels[1]["name"], &labels[2]],
        [&json!("rollmend"), &json!("bug"), &Value::Null]
    );
    let texts: Vec<_> = github.comments(SHOP, 1).unwrap().into_iter().map(|comment| comment.body).collect();
    assert_eq!(texts, ["it passed"]);
}

#[tokio::test]
async fn its_diff_is_the_one_from_the_merge_base() {
    let github = shop().await;
    open(&Caller::new(&github, TOKEN), "fix").await;
    commit(&github, "main", "other.txt", "not part of it\n");
    let diff = github.diff(SHOP, 1).unwrap();
    assert!(diff.starts_with("diff --git a/price.txt b/price.txt\n"), "{diff}");
    assert!(diff.ends_with("@@ -1 +1 @@\n-two\n+one\n"), "{diff}");
}
