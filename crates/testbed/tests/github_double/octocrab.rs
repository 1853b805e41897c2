//! The client that the product uses understands every answer of the GitHub double.

use crate::caller::{SHOP, TOKEN, shop};
use octocrab::Octocrab;
use octocrab::models::IssueState;
use octocrab::params::State;
use octocrab::params::repos::Reference;
use testbed::github::GitHub;

fn client(base: String) -> Octocrab {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Octocrab::builder().base_uri(base).unwrap().personal_token(TOKEN.to_owned()).build().unwrap()
}

async fn open(octocrab: &Octocrab) -> octocrab::models::pulls::PullRequest {
    octocrab
        .pulls("acme", "shop")
        .create("Undo it", "fix", "main")
        .body("why")
        .draft(true)
        .send()
        .await
        .unwrap()
}

fn both(github: &GitHub) -> [Octocrab; 2] {
    [client(github.url()), client(github.enterprise_api())]
}

#[tokio::test]
async fn the_caller_the_repository_and_its_refs_are_read() {
    let github = shop().await;
    for octocrab in both(&github) {
        assert_eq!(octocrab.current().user().await.unwrap().login, "rollmend");
        let repository = octocrab.repos("acme", "shop").get().await.unwrap();
        assert_eq!(repository.full_name.as_deref(), Some(SHOP));
        octocrab.repos("acme", "shop").get_ref(&Reference::Branch("main".into())).await.unwrap();
        let commits = octocrab.repos("acme", "shop").list_commits().send().await.unwrap();
        assert_eq!(commits.items.len(), 2);
    }
}

#[tokio::test]
async fn a_pull_request_is_opened_found_and_commented() {
    let github = shop().await;
    let octocrab = client(github.url());
    let number = open(&octocrab).await.number;
    let pulls = octocrab.pulls("acme", "shop");
    let found = pulls.list().state(State::All).head("acme:fix").per_page(100).send().await.unwrap();
    assert_eq!(found.items.iter().map(|pull| pull.number).collect::<Vec<_>>(), [number]);
    let pull = pulls.get(number).await.unwrap();
    assert_eq!((pull.draft, pull.state, pull.head.sha.len()), (Some(true), Some(IssueState::Open), 40));
    octocrab.issues("acme", "shop").create_comment(number, "it passed").await.unwrap();
    octocrab.issues("acme", "shop").add_labels(number, &["rollmend".to_owned()]).await.unwrap();
    let comments = octocrab.issues("acme", "shop").list_comments(number).send().await.unwrap();
    assert_eq!(comments.items[0].user.login, "rollmend");
}

#[tokio::test]
async fn all_pages_are_followed() {
    let github = shop().await;
    let octocrab = client(github.enterprise_api());
    let number = open(&octocrab).await.number;
    for index in 0..45 {
        github.human("octocat").comment(SHOP, number, &index.to_string()).unwrap();
    }
    let first = octocrab.issues("acme", "shop").list_comments(number).send().await.unwrap();
    assert_eq!(octocrab.all_pages(first).await.unwrap().len(), 45);
}

#[tokio::test]
async fn a_refusal_arrives_with_its_status_and_errors() {
    let github = shop().await;
    let octocrab = client(github.url());
    open(&octocrab).await;
    let twin = octocrab.pulls("acme", "shop").create("Again", "fix", "main").send().await.unwrap_err();
    let octocrab::Error::GitHub { source, .. } = twin else { panic!("{twin:?}") };
    assert_eq!((source.status_code.as_u16(), source.message.as_str()), (422, "Validation Failed"));
    assert_eq!(source.errors.unwrap()[0]["message"], "A pull request already exists for acme:fix.");
}
