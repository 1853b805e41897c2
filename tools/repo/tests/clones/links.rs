//! Attack 11: links put where clones, their parts or their locks are.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use domain::CommitSha;
use domain::ports::Code as _;

use crate::stage::{Stage, files_below};

async fn with_a_clone() -> (Stage, CommitSha, PathBuf) {
    let (stage, suspect) = Stage::with(|history| {
        history.commit("start", &[("a", Some("a\n"))]);
        history.commit("suspect", &[("a", Some("b\n"))])
    })
    .await;
    stage.revert(&suspect, &suspect).await.unwrap();
    let clone = stage.clone_on_disk().git.path().to_path_buf();
    (stage, suspect, clone)
}

/// A directory of another, with a repository in it, that nothing may change.
fn elsewhere(stage: &Stage) -> (PathBuf, Vec<(PathBuf, Vec<u8>)>) {
    let place = stage.directory.path().join("elsewhere");
    git2::Repository::init_bare(&place).unwrap();
    fs::write(place.join("precious"), "mine").unwrap();
    let files = files_below(&place);
    (place, files)
}

fn replace(path: &Path, target: &Path) {
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
    } else {
        fs::remove_file(path).unwrap();
    }
    symlink(target, path).unwrap();
}

#[tokio::test]
async fn attack_11_a_link_in_the_place_of_a_clone_or_a_part_of_it_is_not_followed() {
    for part in ["", "objects", "objects/pack", "refs", "config", "HEAD", "rollmend-used"] {
        let (stage, suspect, clone) = with_a_clone().await;
        let (place, before) = elsewhere(&stage);
        let target = if part.is_empty() { place.clone() } else { place.join(part) };
        let link = if part.is_empty() { stripped(&clone) } else { clone.join(part) };
        replace(&link, &target);
        stage.revert(&suspect, &suspect).await.unwrap();
        assert_eq!(files_below(&place), before, "{part:?}");
        assert!(!fs::symlink_metadata(&link).unwrap().is_symlink(), "{part:?}: the clone is made anew");
    }
}

#[tokio::test]
async fn attack_11_objects_are_not_borrowed_from_elsewhere() {
    let (stage, suspect, clone) = with_a_clone().await;
    let (place, _) = elsewhere(&stage);
    let info = clone.join("objects/info");
    fs::create_dir_all(&info).unwrap();
    fs::write(info.join("alternates"), place.join("objects").to_str().unwrap()).unwrap();
    stage.revert(&suspect, &suspect).await.unwrap();
    assert!(!info.join("alternates").exists());
}

#[tokio::test]
async fn attack_11_a_link_in_the_place_of_a_lock_is_an_error_that_a_human_is_told() {
    let (stage, suspect, clone) = with_a_clone().await;
    let victim = stage.directory.path().join("victim");
    fs::write(&victim, "mine").unwrap();
    replace(&stripped(&clone).with_extension("lock"), &victim);
    let failure = stage.clones().revert(&stage.repository, &suspect, &suspect, "x").await.unwrap_err();
    assert_eq!(failure.kind, "clone-disk");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
}

#[tokio::test]
async fn attack_11_a_link_that_points_to_nothing_makes_nothing_there() {
    let (stage, suspect, clone) = with_a_clone().await;
    let absent = stage.directory.path().join("absent");
    replace(&stripped(&clone), &absent);
    stage.revert(&suspect, &suspect).await.unwrap();
    assert!(!absent.exists());
}

/// The path without the slash at its end, which would follow a link.
fn stripped(path: &Path) -> PathBuf {
    PathBuf::from(path.to_str().unwrap().trim_end_matches('/'))
}
