//! The push of a revert: once, without force, and known again.

use domain::ports::{Code as _, Pushed};
use domain::{BranchName, CommitSha, Patch, Remedy};
use http::Method;
use testbed::github::Change;
use testbed::wire::{Fault, Misdeed};

use crate::stage::{NAME, Stage};

fn branch() -> BranchName {
    "rollmend/main/0123456789ab".parse().unwrap()
}

async fn with_a_patch() -> (Stage, Patch) {
    let (stage, suspect) = Stage::with(|history| {
        history.commit("start", &[("a", Some("a\n"))]);
        history.commit("suspect", &[("a", Some("b\n"))])
    })
    .await;
    let patch = stage.revert(&suspect, &suspect).await.unwrap();
    (stage, patch)
}

fn tip(stage: &Stage) -> Option<CommitSha> {
    let refs = stage.github.refs(NAME).unwrap();
    refs.get(&format!("refs/heads/{}", branch())).map(|sha| sha.parse().unwrap())
}

#[tokio::test]
async fn a_push_makes_the_branch_once_and_knows_it_again() {
    let (stage, patch) = with_a_patch().await;
    let clones = stage.clones();
    let pushed = clones.push(&stage.repository, &branch(), &patch).await.unwrap();
    assert_eq!(pushed, Pushed::Created(patch.commit.clone()));
    assert_eq!(tip(&stage), Some(patch.commit.clone()));
    let pushed = clones.push(&stage.repository, &branch(), &patch).await.unwrap();
    assert_eq!(pushed, Pushed::AlreadyThere(patch.commit));
}

#[tokio::test]
async fn a_push_that_was_cut_after_the_server_took_it_is_found_on_the_next_try() {
    let (stage, patch) = with_a_patch().await;
    let path = format!("/{NAME}.git/git-receive-pack");
    stage.github.wire().fault(Fault::nth(Method::POST, path, 1, Misdeed::CutAfterHandling));
    let failure = stage.clones().push(&stage.repository, &branch(), &patch).await.unwrap_err();
    assert_eq!(failure.remedy, Remedy::Retry { after: None });
    let pushed = stage.clones().push(&stage.repository, &branch(), &patch).await.unwrap();
    assert_eq!(pushed, Pushed::AlreadyThere(patch.commit));
}

#[tokio::test]
async fn an_earlier_push_for_the_same_suspect_on_an_older_base_is_ours() {
    let (stage, first) = with_a_patch().await;
    stage.clones().push(&stage.repository, &branch(), &first).await.unwrap();
    stage.server().commit("main goes on", &[("b", Some("b\n"))]);
    let second = stage.revert(&first.reverts, &first.reverts).await.unwrap();
    assert_ne!(second.commit, first.commit);
    let pushed = stage.clones().push(&stage.repository, &branch(), &second).await.unwrap();
    assert_eq!(pushed, Pushed::AlreadyThere(first.commit.clone()));
    assert_eq!(tip(&stage), Some(first.commit));
}

#[tokio::test]
async fn attack_28_a_branch_of_another_is_never_touched_nor_believed_whatever_its_author_says() {
    let (stage, patch) = with_a_patch().await;
    let server = stage.server();
    let start = server.git.find_commit(crate::history::oid(&patch.base_commit)).unwrap();
    let forged = git2::Signature::now("rollmend", "rollmend@users.noreply.github.com").unwrap();
    let message = format!("Revert it\n\nRollmend-Reverts: {}\n", patch.reverts);
    let evil = server.flat_tree(&[(crate::history::FILE, "a", b"backdoor\n")]);
    let evil = server.git.find_tree(evil).unwrap();
    let commit = server.git.commit(None, &forged, &forged, &message, &evil, &[&start]).unwrap();
    server.git.reference(&format!("refs/heads/{}", branch()), commit, true, "").unwrap();
    let failure = stage.clones().push(&stage.repository, &branch(), &patch).await.unwrap_err();
    assert_eq!(failure.kind, "push-foreign-branch");
    assert!(matches!(failure.remedy, Remedy::AskHuman { .. }));
    assert_eq!(tip(&stage).unwrap().as_str(), commit.to_string());
}

#[tokio::test]
async fn a_humans_commit_on_top_of_ours_is_a_humans_matter() {
    let (stage, patch) = with_a_patch().await;
    stage.clones().push(&stage.repository, &branch(), &patch).await.unwrap();
    let change = Change { message: "better", files: &[("a", Some("c\n"))] };
    stage.github.human("ada").push(NAME, branch().as_str(), &change).unwrap();
    let failure = stage.clones().push(&stage.repository, &branch(), &patch).await.unwrap_err();
    assert_eq!(failure.kind, "push-foreign-branch");
}

#[tokio::test]
async fn a_protected_branch_is_said_in_the_servers_words() {
    let (stage, patch) = with_a_patch().await;
    stage.github.protect(NAME, branch().as_str()).unwrap();
    let failure = stage.clones().push(&stage.repository, &branch(), &patch).await.unwrap_err();
    assert_eq!(failure.kind, "push-refused");
    assert!(failure.sentence().contains("protected branch hook declined"), "{}", failure.sentence());
    assert_eq!(tip(&stage), None);
}

#[tokio::test]
async fn only_branches_below_our_own_name_are_written() {
    let (stage, patch) = with_a_patch().await;
    for name in ["main", "rollmend", "fix/rollmend/x"] {
        let failure =
            stage.clones().push(&stage.repository, &name.parse().unwrap(), &patch).await.unwrap_err();
        assert_eq!(failure.kind, "push-branch");
    }
}

#[tokio::test]
async fn attack_38_a_branch_name_with_shell_metacharacters_cannot_be_written() {
    assert!("rollmend/$(id)".parse::<BranchName>().is_err());
    assert!("rollmend/a;id".parse::<BranchName>().is_err());
    assert!("+rollmend/a:main".parse::<BranchName>().is_err());
}

#[tokio::test]
async fn a_token_that_may_only_read_is_told_which_right_it_lacks() {
    use testbed::github::{GitHub, GitHubOptions, Rights, Source, Token};
    let (mut stage, patch) = with_a_patch().await;
    let token = Token::new(crate::stage::TOKEN, "rollmend[bot]", Rights::Read);
    let options = GitHubOptions { tokens: vec![token], ..GitHubOptions::default() };
    let reading = GitHub::start(options).await.unwrap();
    reading.create_repository(NAME, Source::Repository(stage.github.path(NAME).unwrap())).await.unwrap();
    stage.repository.url = domain::RepositoryUrl::parse(&format!("{}/{NAME}", reading.url())).unwrap();
    let again = stage.revert(&patch.reverts, &patch.reverts).await.unwrap();
    let failure = stage.clones().push(&stage.repository, &branch(), &again).await.unwrap_err();
    assert_eq!(failure.kind, "git-right");
    assert!(failure.sentence().contains("\"Contents: read and write\""), "{}", failure.sentence());
}
