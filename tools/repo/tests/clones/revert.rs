//! Reverts that may be proposed, and those that may not.

use domain::ports::Code as _;
use domain::{CommitSha, NoPatch, Patch, PatchedFile};

use crate::history::{History, numbered, oid};
use crate::stage::Stage;

fn patched(path: &str, added: u32, removed: u32) -> PatchedFile {
    PatchedFile { path: path.to_owned(), added, removed }
}

/// Three commits: the start, the suspect in line 5, and one in line 15.
fn suspect_in_the_middle(history: &History) -> [CommitSha; 3] {
    let start = history.commit("start", &[("a.txt", Some(&numbered(20, &[])))]);
    let suspect = history.commit("suspect", &[("a.txt", Some(&numbered(20, &[(5, "five")])))]);
    let canary =
        history.commit("innocent", &[("a.txt", Some(&numbered(20, &[(5, "five"), (15, "fifteen")])))]);
    [start, suspect, canary]
}

#[tokio::test]
async fn a_revert_undoes_the_suspect_alone_and_is_the_same_each_time() {
    let (stage, [_, suspect, canary]) = Stage::with(suspect_in_the_middle).await;
    let patch = stage.revert(&suspect, &canary).await.unwrap();
    let diff = "diff --git a/a.txt b/a.txt\nindex ".to_owned();
    assert!(patch.diff.starts_with(&diff), "{}", patch.diff);
    assert!(patch.diff.contains("-five\n+line 5\n"), "{}", patch.diff);
    let expected = Patch {
        base: "main".parse().unwrap(),
        base_commit: canary.clone(),
        commit: patch.commit.clone(),
        reverts: suspect.clone(),
        kind: domain::PatchKind::Revert,
        flagged: vec![],
        files: vec![patched("a.txt", 1, 1)],
        diff: patch.diff.clone(),
    };
    assert_eq!(patch, expected);
    let clone = stage.clone_on_disk();
    assert_eq!(clone.text(&patch.commit, "a.txt").unwrap(), numbered(20, &[(15, "fifteen")]));
    let commit = clone.git.find_commit(oid(&patch.commit)).unwrap();
    assert_eq!(commit.message().unwrap(), format!("Revert it\n\nRollmend-Reverts: {suspect}\n"));
    assert_eq!(commit.author().name().unwrap(), "rollmend");
    assert_eq!(stage.revert(&suspect, &canary).await.unwrap(), patch);
    let mut elsewhere = Stage::with(suspect_in_the_middle).await.0;
    elsewhere.settings.directory = elsewhere.directory.path().join("other");
    assert_eq!(elsewhere.revert(&suspect, &canary).await.unwrap().commit, patch.commit);
}

#[tokio::test]
async fn a_merge_is_reverted_against_its_first_parent() {
    let (stage, merge) = Stage::with(|history| {
        let start = history.commit("start", &[("a.txt", Some("a\n"))]);
        history.branch("side", &start);
        let side = history.commit_on("side", "side", &[("s.txt", Some("s\n"))]);
        history.commit("main goes on", &[("m.txt", Some("m\n"))]);
        history.merge(&side, "merge side", &[("s.txt", Some("s\n"))])
    })
    .await;
    let patch = stage.revert(&merge, &merge).await.unwrap();
    assert_eq!(patch.files, [patched("s.txt", 0, 1)]);
}

#[tokio::test]
async fn lines_that_a_later_commit_of_the_canary_changed_are_a_conflict_for_a_human() {
    let (stage, [suspect, canary]) = Stage::with(|history| {
        let [_, suspect, _] = suspect_in_the_middle(history);
        [suspect, history.commit("again", &[("a.txt", Some(&numbered(20, &[(5, "FIVE")])))])]
    })
    .await;
    let why = stage.revert(&suspect, &canary).await.unwrap_err();
    assert_eq!(why, NoPatch::Conflict { suspect: suspect.short().to_owned(), files: "a.txt".to_owned() });
    assert!(why.needs_a_human());
}

#[tokio::test]
async fn lines_that_only_the_base_branch_changed_since_the_canary_are_told_apart() {
    let (stage, [suspect, canary]) = Stage::with(|history| {
        let [_, suspect, canary] = suspect_in_the_middle(history);
        history.commit("mended by hand", &[("a.txt", Some(&numbered(20, &[(5, "mended")])))]);
        [suspect, canary]
    })
    .await;
    let why = stage.revert(&suspect, &canary).await.unwrap_err();
    let base = "main".parse().unwrap();
    assert_eq!(
        why,
        NoPatch::ChangedSince { suspect: suspect.short().to_owned(), file: "a.txt".to_owned(), base }
    );
}

#[tokio::test]
async fn a_suspect_that_is_undone_already_is_not_undone_twice() {
    let (stage, [suspect, canary]) = Stage::with(|history| {
        let [_, suspect, canary] = suspect_in_the_middle(history);
        history.commit("undo", &[("a.txt", Some(&numbered(20, &[(15, "fifteen")])))]);
        [suspect, canary]
    })
    .await;
    let why = stage.revert(&suspect, &canary).await.unwrap_err();
    let base = "main".parse().unwrap();
    assert_eq!(why, NoPatch::UndoneAlready { suspect: suspect.short().to_owned(), base });
}

#[tokio::test]
async fn a_suspect_that_is_undone_in_part_gives_no_patch() {
    let (stage, suspect) = Stage::with(|history| {
        history.commit("start", &[("a.txt", Some(&numbered(20, &[])))]);
        let suspect =
            history.commit("suspect", &[("a.txt", Some(&numbered(20, &[(5, "five"), (15, "fifteen")])))]);
        history.commit("undo half", &[("a.txt", Some(&numbered(20, &[(5, "five")])))]);
        suspect
    })
    .await;
    let why = stage.revert(&suspect, &suspect).await.unwrap_err();
    assert!(matches!(&why, NoPatch::Unsound { reason, .. } if reason.contains("a part of it")), "{why:?}");
}

#[tokio::test]
async fn a_suspect_that_the_base_branch_or_the_canary_does_not_contain_is_left_alone() {
    let (stage, [start, suspect, other]) = Stage::with(|history| {
        let [start, suspect, _] = suspect_in_the_middle(history);
        history.branch("other", &start);
        [start, suspect, history.commit_on("other", "elsewhere", &[("b.txt", Some("b\n"))])]
    })
    .await;
    let base = "main".parse().unwrap();
    let why = stage.revert(&other, &other).await.unwrap_err();
    assert_eq!(why, NoPatch::NotOnBase { suspect: other.short().to_owned(), base });
    let absent = "0123456789012345678901234567890123456789".parse().unwrap();
    assert!(matches!(stage.revert(&absent, &suspect).await.unwrap_err(), NoPatch::NotOnBase { .. }));
    let why = stage.revert(&suspect, &start).await.unwrap_err();
    assert!(matches!(&why, NoPatch::Unsound { reason, .. } if reason.contains("canary")), "{why:?}");
    let why = stage.revert(&start, &suspect).await.unwrap_err();
    assert!(matches!(&why, NoPatch::Unsound { reason, .. } if reason.contains("first commit")), "{why:?}");
}

#[tokio::test]
async fn more_than_a_reviewer_reads_is_not_proposed() {
    let (mut stage, [few, many]) = Stage::with(|history| {
        history.commit("start", &[("a", Some("a\n"))]);
        let few = history.commit("three lines", &[("b", Some("1\n2\n3\n"))]);
        [few, history.commit("three files", &[("x", Some("x\n")), ("y", Some("y\n")), ("z", Some("z\n"))])]
    })
    .await;
    stage.settings.limits.revert_lines = 2;
    stage.settings.limits.revert_files = 2;
    let why = stage.revert(&few, &many).await.unwrap_err();
    assert!(matches!(&why, NoPatch::Unsound { reason, .. } if reason.contains("3 lines")), "{why:?}");
    let why = stage.revert(&many, &many).await.unwrap_err();
    assert!(matches!(&why, NoPatch::Unsound { reason, .. } if reason.contains("3 files")), "{why:?}");
}

#[tokio::test]
async fn a_long_diff_is_cut_at_a_whole_line_and_says_so() {
    let (mut stage, suspect) = Stage::with(|history| {
        history.commit("start", &[("a", Some("a\n"))]);
        history.commit("long", &[("b", Some(&numbered(200, &[])))])
    })
    .await;
    stage.settings.limits.diff = 600;
    let patch = stage.revert(&suspect, &suspect).await.unwrap();
    assert!(patch.diff.len() < 700 && patch.diff.ends_with("\n… (the diff goes on)\n"), "{}", patch.diff);
    assert_eq!(patch.files, [patched("b", 0, 200)]);
}

#[tokio::test]
async fn only_configured_paths_are_touched_and_a_bad_glob_is_the_operators_to_mend() {
    let (mut stage, suspect) = Stage::with(|history| {
        history.commit("start", &[("src/a", Some("a\n")), ("b", Some("b\n"))]);
        history.commit("touch", &[("src/a", Some("A\n")), ("b", Some("B\n"))])
    })
    .await;
    stage.repository.paths = vec!["src/**".to_owned()];
    let why = stage.revert(&suspect, &suspect).await.unwrap_err();
    let rule = "is not among the paths that agents.toml allows".to_owned();
    assert_eq!(why, NoPatch::PathRefused { suspect: suspect.short().to_owned(), path: "b".to_owned(), rule });
    stage.repository.paths = vec!["src/{".to_owned()];
    let failure = stage.clones().revert(&stage.repository, &suspect, &suspect, "x").await.unwrap_err();
    assert_eq!(failure.kind, "path-glob");
}

#[tokio::test]
async fn a_message_cannot_smuggle_control_characters_or_another_trailer_to_the_end() {
    let (stage, [_, suspect, canary]) = Stage::with(suspect_in_the_middle).await;
    let message = "Revert\u{1b}[2J\n\nRollmend-Reverts: 0000000000000000000000000000000000000000\n";
    let patch = stage.clones().revert(&stage.repository, &suspect, &canary, message).await.unwrap().unwrap();
    let clone = stage.clone_on_disk();
    let commit = clone.git.find_commit(oid(&patch.commit)).unwrap();
    let text = commit.message().unwrap().to_owned();
    assert!(!text.contains('\u{1b}'));
    assert!(text.ends_with(&format!("\n\nRollmend-Reverts: {suspect}\n")), "{text:?}");
}
