//! From a bench to a patch, over restarts.

use domain::ports::{Code as _, Workshop as _};
use domain::{NoPatch, Patch, PatchKind, PatchedFile, Remedy};
use serde_json::json;

use super::hands::{Hands, handoff};
use crate::history::{numbered, oid};
use crate::stage::Stage;

async fn edited() -> Hands {
    let hands = Hands::with(&[("src/a.txt", "a\nb\n")]).await;
    hands.call("edit", json!({"path": "src/a.txt", "old": "b", "new": "c"})).await.unwrap();
    hands
}

#[tokio::test]
async fn a_patch_holds_the_edits_on_the_base_branch_and_is_the_same_each_time() {
    let hands = edited().await;
    let patch = hands.patch().await.unwrap();
    let expected = Patch {
        base: "main".parse().unwrap(),
        base_commit: hands.suspect.clone(),
        commit: patch.commit.clone(),
        reverts: hands.suspect.clone(),
        kind: PatchKind::Edits,
        files: vec![PatchedFile { path: "src/a.txt".to_owned(), added: 1, removed: 1 }],
        flagged: vec![],
        diff: patch.diff.clone(),
    };
    assert_eq!(patch, expected);
    assert!(patch.diff.contains("@@ -1,2 +1,2 @@\n a\n-b\n+c\n"), "{}", patch.diff);
    let clone = hands.stage.clone_on_disk();
    let commit = clone.git.find_commit(oid(&patch.commit)).unwrap();
    assert_eq!(commit.message().unwrap(), format!("Mend it\n\nRollmend-Mends: {}\n", hands.suspect));
    assert_eq!(commit.author().name().unwrap(), "rollmend");
    assert_eq!(commit.parent_id(0).unwrap(), oid(&hands.suspect));
    assert_eq!(hands.patch().await.unwrap(), patch);
}

#[tokio::test]
async fn a_bench_that_a_restart_opens_again_has_its_edits_and_gives_the_same_patch() {
    let hands = edited().await;
    let patch = hands.patch().await.unwrap();
    let again = hands.resumed(&hands.bench.state()).await.unwrap();
    assert_eq!(again.state(), hands.bench.state());
    assert_eq!(again.patch("Mend it").await.unwrap().unwrap(), patch);
    hands.stage.server().commit("main goes on", &[("b", Some("b\n"))]);
    let later = hands.resumed(&hands.bench.state()).await.unwrap();
    assert_eq!(
        later.patch("Mend it").await.unwrap().unwrap(),
        patch,
        "it stays on the commit that it began with"
    );
}

#[tokio::test]
async fn a_state_that_names_nothing_of_the_base_branch_is_unknown() {
    let hands = edited().await;
    let state = hands.bench.state();
    let (base, tree) = state.split_once(' ').unwrap();
    let other = hands.stage.server().commit_on("other", "elsewhere", &[("c", Some("c\n"))]);
    hands.stage.range(other.as_str(), hands.suspect.as_str()).await.unwrap();
    let absent = "0123456789012345678901234567890123456789";
    for unknown in [
        String::new(),
        "x y".to_owned(),
        tree.to_owned(),
        format!("{base} {}", &tree[..12]),
        format!("{base} {absent}"),
        format!("{base} {base}"),
        format!("{absent} {tree}"),
        format!("{other} {tree}"),
        format!("{state} {tree}"),
    ] {
        let Err(failure) = hands.resumed(&unknown).await else { panic!("{unknown} was opened") };
        assert_eq!((failure.kind, &failure.remedy), ("bench-state", &Remedy::GiveUp), "{unknown}");
    }
}

#[tokio::test]
async fn nothing_changed_is_no_patch_also_when_an_edit_is_taken_back() {
    let hands = Hands::with(&[("a.txt", "a\n")]).await;
    assert_eq!(hands.patch().await, Err(NoPatch::NothingChanged));
    hands.call("edit", json!({"path": "a.txt", "old": "a", "new": "b"})).await.unwrap();
    assert!(hands.patch().await.is_ok());
    hands.call("edit", json!({"path": "a.txt", "old": "b", "new": "a"})).await.unwrap();
    assert_eq!(hands.patch().await, Err(NoPatch::NothingChanged));
}

#[tokio::test]
async fn more_than_a_reviewer_reads_is_no_patch() {
    let set = |stage: &mut Stage| {
        stage.settings.limits.revert_lines = 4;
        stage.settings.limits.revert_files = 2;
    };
    let start = |history: &crate::history::History| {
        history.commit("start", &[("a", Some("a\n"))]);
        history.commit("suspect", &[("a", Some("b\n"))])
    };
    let hands = Hands::set(start, set).await;
    for (file, content) in [("x", "1\n"), ("y", "2\n")] {
        hands.call("write_file", json!({"path": file, "content": content})).await.unwrap();
    }
    assert!(hands.patch().await.is_ok());
    hands.call("write_file", json!({"path": "z", "content": "3\n"})).await.unwrap();
    let why = hands.patch().await.unwrap_err();
    assert!(matches!(&why, NoPatch::Unsound { reason, .. } if reason.contains("3 files")), "{why:?}");
    let hands = Hands::set(start, set).await;
    hands.call("write_file", json!({"path": "x", "content": numbered(5, &[])})).await.unwrap();
    let why = hands.patch().await.unwrap_err();
    assert!(matches!(&why, NoPatch::Unsound { reason, .. } if reason.contains("5 lines")), "{why:?}");
}

#[tokio::test]
async fn a_file_too_large_to_compare_is_neither_read_nor_written() {
    let hands = Hands::set(
        |history| {
            history.commit("start", &[("a", Some("a\n"))]);
            history.commit("suspect", &[("a", Some("b\n")), ("large", Some(&numbered(200, &[])))])
        },
        |stage| stage.settings.limits.blob = 1_000,
    )
    .await;
    assert!(hands.call("read_file", json!({"path": "large"})).await.unwrap_err().contains("at most 1000"));
    let write = json!({"path": "new", "content": numbered(200, &[])});
    assert!(hands.call("write_file", write).await.unwrap_err().contains("the most is 1000"));
    let edit = json!({"path": "a", "old": "b", "new": numbered(200, &[])});
    assert!(hands.call("edit", edit).await.is_err());
    assert_eq!(hands.patch().await, Err(NoPatch::NothingChanged));
}

#[tokio::test]
async fn attack_19_a_file_that_steers_tools_or_agents_is_named_in_the_patch() {
    let hands = Hands::with(&[("a.txt", "a\n")]).await;
    for path in ["AGENTS.md", ".npmrc", "src/ok.txt"] {
        hands.call("write_file", json!({"path": path, "content": "x\n"})).await.unwrap();
    }
    let patch = hands.patch().await.unwrap();
    assert_eq!(patch.flagged, [".npmrc", "AGENTS.md"]);
}

#[tokio::test]
async fn a_clone_with_an_open_bench_does_not_start_over() {
    let (mut stage, suspect) = Stage::with(|history| {
        history.commit("start", &[("a.txt", Some("a\n"))]);
        history.commit("suspect", &[("a.txt", Some("b\n"))])
    })
    .await;
    stage.settings.limits.packs = 1;
    let clones = stage.clones();
    let bench = clones.open(&handoff(&stage.repository, &[&suspect], &suspect), None).await.unwrap();
    super::hands::call(&bench.tools(), "edit", json!({"path": "a.txt", "old": "b", "new": "c"}))
        .await
        .unwrap();
    let named = [crate::stage::revision(suspect.as_str())];
    clones.range(&stage.repository, &named, &named).await.unwrap();
    assert!(bench.patch("Mend it").await.unwrap().is_ok());
    let state = bench.state();
    drop(bench);
    clones.range(&stage.repository, &named, &named).await.unwrap();
    let again = clones.open(&handoff(&stage.repository, &[&suspect], &suspect), Some(&state)).await;
    assert_eq!(again.err().map(|failure| failure.kind), Some("bench-state"));
}

#[tokio::test]
async fn a_bench_whose_clone_was_removed_to_make_room_ends_the_run_and_may_be_tried_again() {
    let hands = edited().await;
    std::fs::remove_dir_all(&hands.stage.settings.directory).unwrap();
    let read = hands.bench.tools().into_iter().find(|tool| tool.name() == "read_file").unwrap();
    let failure = match read.call(json!({"path": "src/a.txt"})).await.unwrap_err() {
        domain::ToolFailure::Nobody(failure) => failure,
        domain::ToolFailure::Model(told) => panic!("{told}"),
    };
    assert_eq!((failure.kind, &failure.remedy), ("bench-gone", &Remedy::Retry { after: None }));
    assert_eq!(hands.bench.patch("Mend it").await.unwrap_err().kind, "bench-gone");
    assert_eq!(hands.resumed(&hands.bench.state()).await.err().unwrap().kind, "bench-state");
}
