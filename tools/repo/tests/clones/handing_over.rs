//! A patch's commit in a person's own clone: a new branch, and nothing else there changes.

use domain::{BranchName, Patch, Remedy};
use git2::Repository;
use tool_repo::HandedOver;

use crate::history::oid;
use crate::stage::{NAME, Stage, files_below};

fn branch() -> BranchName {
    "rollmend/main/0123456789ab".parse().unwrap()
}

/// A patch in a folder of folders, and a person's clone.
async fn with_a_patch() -> (Stage, Patch, Repository) {
    let (stage, suspect) = Stage::with(|history| {
        history.commit("start", &[("a", Some("a\n")), ("b", Some("b\n"))]);
        history.commit("suspect", &[("a", Some("c\n"))])
    })
    .await;
    let patch = stage.revert(&suspect, &suspect).await.unwrap();
    let server = stage.github.path(NAME).unwrap();
    let clone = Repository::clone(server.to_str().unwrap(), stage.directory.path().join("own")).unwrap();
    (stage, patch, clone)
}

#[tokio::test]
async fn a_branch_is_new_once_and_known_again_and_the_work_tree_is_left_alone() {
    let (stage, patch, clone) = with_a_patch().await;
    let own = clone.workdir().unwrap().to_owned();
    let work_tree = |own: &std::path::Path| {
        let mut files = files_below(own);
        files.retain(|(path, _)| !path.starts_with(own.join(".git")));
        files.sort();
        files
    };
    let (before, head) = (work_tree(&own), clone.head().unwrap().target());
    let clones = stage.clones();
    let made = clones.hand_over(&stage.repository, &branch(), &patch, &own).await.unwrap();
    assert_eq!(made, HandedOver::Created);
    let commit = clone.find_commit(oid(&patch.commit)).unwrap();
    let tree = commit.tree().unwrap();
    let blob = tree.get_name("a").unwrap().to_object(&clone).unwrap();
    assert_eq!(blob.as_blob().unwrap().content(), b"a\n");
    assert_eq!(clone.refname_to_id(&format!("refs/heads/{}", branch())).unwrap(), commit.id());
    assert_eq!((work_tree(&own), clone.head().unwrap().target()), (before, head));
    let again = clones.hand_over(&stage.repository, &branch(), &patch, &own).await.unwrap();
    assert_eq!(again, HandedOver::AlreadyThere);
}

#[tokio::test]
async fn a_branch_of_another_and_one_outside_of_ours_are_never_written() {
    let (stage, patch, clone) = with_a_patch().await;
    let own = clone.workdir().unwrap().to_owned();
    let head = clone.head().unwrap().target().unwrap();
    clone.reference(&format!("refs/heads/{}", branch()), head, true, "").unwrap();
    let clones = stage.clones();
    let taken = clones.hand_over(&stage.repository, &branch(), &patch, &own).await.unwrap_err();
    assert_eq!(taken.kind, "local-branch-taken");
    assert_eq!(clone.refname_to_id(&format!("refs/heads/{}", branch())).unwrap(), head);
    let main = "main".parse().unwrap();
    let main = clones.hand_over(&stage.repository, &main, &patch, &own).await.unwrap_err();
    assert_eq!(main.kind, "local-branch");
}

#[tokio::test]
async fn a_clone_without_the_base_commit_and_what_is_no_clone_are_told_what_to_do() {
    let (stage, patch, _clone) = with_a_patch().await;
    let other = stage.directory.path().join("other");
    Repository::init(&other).unwrap();
    let clones = stage.clones();
    let behind = clones.hand_over(&stage.repository, &branch(), &patch, &other).await.unwrap_err();
    assert_eq!(behind.kind, "local-behind");
    assert!(matches!(behind.remedy, Remedy::AskHuman { .. }));
    let within = stage.directory.path().join("own/folder");
    std::fs::create_dir(&within).unwrap();
    let within = clones.hand_over(&stage.repository, &branch(), &patch, &within).await.unwrap_err();
    assert_eq!(within.kind, "local-repository", "a repository above is not meant");
}
