//! Attacks on a working tree, of which there is none: nothing runs, nothing is written outside of the clone's objects, and no
//! revert of such entries is proposed.

use domain::{CommitSha, NoPatch};
use git2::Oid;

use crate::history::{FILE, History, LINK, SUBMODULE};
use crate::stage::{Stage, files_below};

const TREE: i32 = 0o040_000;

/// A base whose newest commit is the suspect, with the tree that `write` makes over a plain one.
async fn suspect_with(write: impl FnOnce(&History, Oid) -> Oid) -> (Stage, CommitSha) {
    Stage::with(|history| {
        history.commit("start", &[("a", Some("a\n"))]);
        let plain = history.blob(b"a\n");
        let tree = write(history, plain);
        history.commit_tree("suspect", tree)
    })
    .await
}

/// Reads the range and reverts; returns why nothing is proposed.
async fn refusal(stage: &Stage, suspect: &CommitSha) -> NoPatch {
    let parent = stage.server().git.find_commit(crate::history::oid(suspect)).unwrap().parent_id(0).unwrap();
    stage.range(&parent.to_string(), suspect.as_str()).await.unwrap();
    let why = stage.revert(suspect, suspect).await.unwrap_err();
    only_git_files(stage);
    why
}

/// The directory of the clones holds what a bare repository has, and no file of the tree.
fn only_git_files(stage: &Stage) {
    for (path, _) in files_below(&stage.settings.directory) {
        let inside = path.strip_prefix(&stage.settings.directory).unwrap().to_string_lossy().into_owned();
        let rest = inside.split_once('/').map_or("lock", |(_, rest)| rest);
        let known = [
            "lock",
            "HEAD",
            "config",
            "rollmend-used",
            "objects/",
            "refs/",
            "logs/",
            "packed-refs",
            "description",
            "hooks/README.sample",
            "FETCH_HEAD",
            "info/",
        ];
        assert!(known.iter().any(|known| rest.starts_with(known)), "{inside}");
    }
}

fn broken_rule(why: &NoPatch) -> &str {
    match why {
        NoPatch::PathRefused { rule, .. } => rule,
        NoPatch::Unsound { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn attacks_8_and_9_a_symlink_is_an_entry_like_any_other_and_never_followed_nor_reverted() {
    let (stage, suspect) = suspect_with(|history, plain| {
        let passwd = history.blob(b"/etc/passwd");
        history.raw_tree(&[(FILE, "a", plain), (LINK, "link", passwd)])
    })
    .await;
    assert_eq!(broken_rule(&refusal(&stage, &suspect).await), "is a symlink");
}

#[tokio::test]
async fn attack_9_a_directory_that_becomes_a_symlink_is_refused() {
    let (stage, suspect) = Stage::with(|history| {
        history.commit("start", &[("a", Some("a\n")), ("dir/f", Some("f\n"))]);
        let (plain, out) = (history.blob(b"a\n"), history.blob(b"/tmp"));
        history.commit_tree("suspect", history.raw_tree(&[(FILE, "a", plain), (LINK, "dir", out)]))
    })
    .await;
    assert_eq!(broken_rule(&refusal(&stage, &suspect).await), "is a symlink");
}

#[tokio::test]
async fn attack_10_names_that_reach_out_of_the_tree_are_refused() {
    for name in ["..", ".", "/etc", "a\\b"] {
        let (stage, suspect) = suspect_with(|history, plain| {
            let inner = history.flat_tree(&[(FILE, "x", b"x\n")]);
            let mut entries = vec![(FILE, "a", plain), (TREE, name, inner)];
            entries.sort_by_key(|(_, name, _)| *name);
            history.raw_tree(&entries)
        })
        .await;
        let why = refusal(&stage, &suspect).await;
        assert!(!broken_rule(&why).is_empty(), "{name}: {why:?}");
    }
}

#[tokio::test]
async fn attack_12_entries_of_git_itself_are_refused_and_configure_nothing() {
    for name in [".git", ".GIT", ".git ", "git~1"] {
        let (stage, suspect) = suspect_with(|history, plain| {
            let config = history.flat_tree(&[(FILE, "config", b"[core]\n\tfsmonitor = touch /tmp/pwned\n")]);
            let mut entries = vec![(FILE, "a", plain), (TREE, name, config)];
            entries.sort_by_key(|(_, name, _)| *name);
            history.raw_tree(&entries)
        })
        .await;
        let why = refusal(&stage, &suspect).await;
        assert!(!broken_rule(&why).is_empty(), "{name}: {why:?}");
    }
}

#[tokio::test]
async fn attack_13_attributes_choose_no_filter_and_no_merge_driver_and_lfs_pointers_are_text() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    let (stage, [suspect, canary]) = Stage::with(|history| {
        let attributes = "* filter=lfs diff=x merge=union\n";
        let start = [(".gitattributes", Some(attributes)), ("a", Some("1\n")), ("model.bin", Some("old\n"))];
        history.commit("start", &start);
        let suspect = history.commit("suspect", &[("a", Some("2\n"))]);
        history.commit("again", &[("a", Some("3\n"))]);
        [suspect, history.commit("pointer", &[("model.bin", Some(pointer))])]
    })
    .await;
    // With `merge=union` obeyed there would be no conflict.
    let why = refusal(&stage, &suspect).await;
    assert!(matches!(why, NoPatch::ChangedSince { .. }), "{why:?}");
    let patch = stage.revert(&canary, &canary).await.unwrap();
    assert!(patch.diff.contains("-version https://git-lfs.github.com/spec/v1\n"), "{}", patch.diff);
    let asked = stage.github.wire().asked();
    assert!(
        asked
            .iter()
            .all(|asked| asked.path.contains("/info/refs") || asked.path.ends_with("/git-upload-pack"))
    );
}

#[tokio::test]
async fn attack_14_a_submodule_is_not_initialised_and_its_revert_is_refused() {
    let (stage, suspect) = suspect_with(|history, plain| {
        let modules = history.blob(b"[submodule \"s\"]\n\tpath = s\n\turl = ext::sh -c 'touch /tmp/pwned'\n");
        let sub = Oid::from_bytes(&[7; 20]).unwrap();
        history.raw_tree(&[(FILE, ".gitmodules", modules), (FILE, "a", plain), (SUBMODULE, "s\r", sub)])
    })
    .await;
    let why = refusal(&stage, &suspect).await;
    assert!(broken_rule(&why).contains("never touches"), "{why:?}");

    let (stage, suspect) = suspect_with(|history, plain| {
        let sub = Oid::from_bytes(&[7; 20]).unwrap();
        history.raw_tree(&[(FILE, "a", plain), (SUBMODULE, "s", sub)])
    })
    .await;
    assert_eq!(broken_rule(&refusal(&stage, &suspect).await), "is a submodule");
}

#[tokio::test]
async fn attack_14_a_carriage_return_in_a_name_is_refused_and_shown_as_a_mark() {
    let (stage, suspect) = suspect_with(|history, plain| {
        let sly = history.blob(b"x\n");
        history.raw_tree(&[(FILE, "a", plain), (FILE, "b\r", sly)])
    })
    .await;
    let why = refusal(&stage, &suspect).await;
    assert!(matches!(&why, NoPatch::PathRefused { path, .. } if path == "b\u{fffd}"), "{why:?}");
}

#[tokio::test]
async fn attack_16_names_that_differ_only_in_case_are_refused() {
    let (stage, suspect) = suspect_with(|history, plain| {
        let other = history.blob(b"A\n");
        history.raw_tree(&[(FILE, "A", other), (FILE, "a", plain)])
    })
    .await;
    assert_eq!(
        broken_rule(&refusal(&stage, &suspect).await),
        "has a neighbour whose name differs only in case"
    );
}

#[tokio::test]
async fn attack_18_a_revert_of_a_workflow_is_refused_in_any_case_of_letters() {
    for path in [".github/workflows/ci.yml", ".GitHub/Workflows/ci.yml", "CODEOWNERS", "renovate.json"] {
        let (stage, suspect) = Stage::with(|history| {
            history.commit("start", &[("a", Some("a\n"))]);
            history.commit("suspect", &[(path, Some("x\n"))])
        })
        .await;
        let why = stage.revert(&suspect, &suspect).await.unwrap_err();
        assert!(matches!(&why, NoPatch::PathRefused { path: named, .. } if named == path), "{why:?}");
    }
}
