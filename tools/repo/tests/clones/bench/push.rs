//! The push of a fixer's patch, and which branch is believed to be an earlier one.

use domain::ports::{Code as _, Pushed};
use domain::{BranchName, CommitSha, Failure, Patch, Remedy};
use git2::{Oid, Signature, Time};
use serde_json::json;

use super::hands::Hands;
use crate::history::{FILE, oid};
use crate::stage::NAME;

fn branch() -> BranchName {
    "rollmend/main/0123456789ab".parse().unwrap()
}

async fn edited(new: &str) -> Hands {
    let hands = Hands::with(&[("a.txt", "a\nb\n")]).await;
    hands.call("edit", json!({"path": "a.txt", "old": "b", "new": new})).await.unwrap();
    hands
}

async fn push(hands: &Hands, patch: &Patch) -> Result<Pushed, Failure> {
    hands.stage.clones().push(&hands.stage.repository, &branch(), patch).await
}

fn tip(hands: &Hands) -> Option<CommitSha> {
    let refs = hands.stage.github.refs(NAME).unwrap();
    refs.get(&format!("refs/heads/{}", branch())).map(|sha| sha.parse().unwrap())
}

#[tokio::test]
async fn a_fixers_patch_is_pushed_once_and_known_again() {
    let hands = edited("c").await;
    let patch = hands.patch().await.unwrap();
    assert_eq!(push(&hands, &patch).await.unwrap(), Pushed::Created(patch.commit.clone()));
    assert_eq!(push(&hands, &patch).await.unwrap(), Pushed::AlreadyThere(patch.commit.clone()));
    assert_eq!(tip(&hands), Some(patch.commit));
}

#[tokio::test]
async fn the_same_edits_on_an_older_base_are_ours() {
    let hands = edited("c").await;
    let first = hands.patch().await.unwrap();
    push(&hands, &first).await.unwrap();
    hands.stage.server().commit("main goes on", &[("other.txt", Some("o\n"))]);
    let handoff = super::hands::handoff(&hands.stage.repository, &[&hands.suspect], &hands.suspect);
    let bench = domain::ports::Workshop::open(&hands.stage.clones(), &handoff, None).await.unwrap();
    let edit = json!({"path": "a.txt", "old": "b", "new": "c"});
    super::hands::call(&bench.tools(), "edit", edit).await.unwrap();
    let second = bench.patch("Mend it in other words").await.unwrap().unwrap();
    assert_ne!(second.commit, first.commit);
    assert_eq!(push(&hands, &second).await.unwrap(), Pushed::AlreadyThere(first.commit));
}

#[tokio::test]
async fn attack_28_a_branch_that_says_that_it_is_ours_and_holds_another_change_is_not_believed() {
    let hands = edited("c").await;
    let patch = hands.patch().await.unwrap();
    let server = hands.stage.server();
    let base = server.git.find_commit(oid(&patch.base_commit)).unwrap();
    let time = Time::new(base.committer().when().seconds() + 1, 0);
    let forged = Signature::new("rollmend", "rollmend@users.noreply.github.com", &time).unwrap();
    let message = format!("Mend it\n\nRollmend-Mends: {}\n", patch.reverts);
    let entries = [(FILE, "README", b"shop\n".as_slice()), (FILE, "a.txt", b"a\nbackdoor\n")];
    let evil = server.git.find_tree(server.flat_tree(&entries)).unwrap();
    let commit = server.git.commit(None, &forged, &forged, &message, &evil, &[&base]).unwrap();
    place(&hands, commit);
    let failure = push(&hands, &patch).await.unwrap_err();
    assert_eq!(failure.kind, "push-foreign-branch");
    assert!(matches!(failure.remedy, Remedy::AskHuman { .. }));
    assert_eq!(tip(&hands).unwrap().as_str(), commit.to_string());
}

#[tokio::test]
async fn the_same_tree_under_anothers_name_is_anothers() {
    let hands = edited("c").await;
    let patch = hands.patch().await.unwrap();
    let server = hands.stage.server();
    let base = server.git.find_commit(oid(&patch.base_commit)).unwrap();
    let human = Signature::now("Ada", "ada@example.com").unwrap();
    let entries = [(FILE, "README", b"shop\n".as_slice()), (FILE, "a.txt", b"a\nc\n")];
    let tree = server.git.find_tree(server.flat_tree(&entries)).unwrap();
    let message = format!("Mine\n\nRollmend-Mends: {}\n", patch.reverts);
    place(&hands, server.git.commit(None, &human, &human, &message, &tree, &[&base]).unwrap());
    assert_eq!(push(&hands, &patch).await.unwrap_err().kind, "push-foreign-branch");
}

#[tokio::test]
async fn a_branch_with_the_revert_of_the_same_suspect_is_a_humans_matter_and_so_is_the_other_way_round() {
    let hands = edited("c").await;
    let revert = hands.stage.revert(&hands.suspect, &hands.suspect).await.unwrap();
    let patch = hands.patch().await.unwrap();
    push(&hands, &revert).await.unwrap();
    let failure = push(&hands, &patch).await.unwrap_err();
    assert_eq!(failure.kind, "push-other-patch");
    let advice = "open a pull request of the branch rollmend/main/0123456789ab, or delete it to have this patch proposed";
    assert_eq!(failure.remedy, Remedy::AskHuman { advice: advice.to_owned() });
    assert_eq!(tip(&hands), Some(revert.commit));
    let hands = edited("c").await;
    let patch = hands.patch().await.unwrap();
    push(&hands, &patch).await.unwrap();
    let revert = hands.stage.revert(&hands.suspect, &hands.suspect).await.unwrap();
    assert_eq!(push(&hands, &revert).await.unwrap_err().kind, "push-foreign-branch");
}

fn place(hands: &Hands, commit: Oid) {
    let server = hands.stage.server();
    server.git.reference(&format!("refs/heads/{}", branch()), commit, true, "").unwrap();
}
