//! The range between two versions, and whose lines are whose.

use domain::{Ancestry, ChangeKind, FileChange, LineRange, Remedy};

use crate::history::numbered;
use crate::stage::Stage;

fn lines(first: u32, last: u32) -> LineRange {
    LineRange { first, last }
}

fn change(path: &str, kind: ChangeKind, lines: &[LineRange], added: u32, removed: u32) -> FileChange {
    FileChange {
        path: path.to_owned(),
        lines: lines.to_vec(),
        added,
        removed,
        kind,
        values: vec![],
        values_left_out: 0,
    }
}

#[tokio::test]
async fn the_range_is_the_first_parent_commits_newest_first_with_their_own_lines_in_the_canarys_files() {
    let (stage, shas) = Stage::with(|history| {
        let stable = history.commit("start", &[("a.txt", Some(&numbered(10, &[])))]);
        history.tag("v1.0.0", &stable);
        let first = history.commit(
            "touch five and nine\n\nbody",
            &[("a.txt", Some(&numbered(10, &[(5, "five"), (9, "nine")])))],
        );
        let text = format!("zero\nzero\n{}", numbered(10, &[(5, "FIVE"), (9, "nine")]));
        let second = history.commit("insert two lines and touch five again", &[("a.txt", Some(&text))]);
        history.annotated_tag("v1.1.0", &second);
        [stable, first, second]
    })
    .await;

    let traced = stage.range("1.0.0", "v1.1.0").await.unwrap();

    let [stable, first, second] = shas;
    assert_eq!((traced.range.stable, traced.range.canary), (stable, second.clone()));
    assert_eq!((traced.range.ancestry, traced.range.left_out), (Ancestry::Descendant, 0));
    assert_eq!(traced.stable.named, "1.0.0");
    let commits = &traced.range.commits;
    assert_eq!(commits.iter().map(|commit| &commit.sha).collect::<Vec<_>>(), [&second, &first]);
    assert_eq!(commits[1].subject, "touch five and nine");
    assert_eq!(commits[1].author, "Ada");
    assert_eq!(commits[0].files, [change("a.txt", ChangeKind::Modified, &[lines(1, 2), lines(7, 7)], 3, 1)]);
    assert_eq!(commits[1].files, [change("a.txt", ChangeKind::Modified, &[lines(11, 11)], 2, 2)]);
}

#[tokio::test]
async fn lines_are_followed_through_a_rename_and_gone_after_a_deletion() {
    let (stage, (stable, canary)) = Stage::with(|history| {
        let stable = history.commit("start", &[("a.txt", Some(&numbered(30, &[]))), ("b.txt", Some("b\n"))]);
        history
            .commit("touch both", &[("a.txt", Some(&numbered(30, &[(3, "three")]))), ("b.txt", Some("B\n"))]);
        let moved = format!("top\n{}", numbered(30, &[(3, "three")]));
        let files = [("a.txt", None), ("b.txt", None), ("c/a.txt", Some(moved.as_str()))];
        (stable, history.commit("move one, delete the other", &files))
    })
    .await;

    let range = stage.range(stable.as_str(), &canary.as_str()[..9]).await.unwrap().range;

    assert_eq!(
        range.commits[0].files,
        [
            change("b.txt", ChangeKind::Deleted, &[], 0, 1),
            change("c/a.txt", ChangeKind::Renamed, &[lines(1, 1)], 1, 0)
        ]
    );
    assert_eq!(
        range.commits[1].files,
        [
            change("a.txt", ChangeKind::Modified, &[lines(4, 4)], 1, 1),
            change("b.txt", ChangeKind::Modified, &[], 1, 1)
        ]
    );
}

#[tokio::test]
async fn a_pure_deletion_is_the_line_before_it_and_the_one_that_stands_there_now() {
    let (stage, (stable, canary)) = Stage::with(|history| {
        let stable = history.commit("start", &[("a.txt", Some(&numbered(6, &[])))]);
        (stable, history.commit("delete", &[("a.txt", Some("line 1\nline 2\nline 4\nline 5\n"))]))
    })
    .await;
    let range = stage.range(stable.as_str(), canary.as_str()).await.unwrap().range;
    assert_eq!(range.commits[0].files, [change("a.txt", ChangeKind::Modified, &[lines(2, 4)], 0, 2)]);
}

#[tokio::test]
async fn a_merge_counts_as_one_commit_and_a_stable_that_came_from_the_side_ends_the_walk() {
    let (stage, shas) = Stage::with(|history| {
        let start = history.commit("start", &[("a.txt", Some("a\n"))]);
        history.branch("side", &start);
        let side = history.commit_on("side", "side", &[("s.txt", Some("s\n"))]);
        history.commit("main goes on", &[("m.txt", Some("m\n"))]);
        let merge = history.merge(&side, "merge side", &[("s.txt", Some("s\n"))]);
        [start, side, merge]
    })
    .await;
    let [start, side, merge] = shas;

    let range = stage.range(start.as_str(), merge.as_str()).await.unwrap().range;
    let seen: Vec<_> =
        range.commits.iter().map(|c| (c.subject.as_str(), c.parents, c.files[0].path.as_str())).collect();
    assert_eq!(seen, [("merge side", 2, "s.txt"), ("main goes on", 1, "m.txt")]);

    let range = stage.range(side.as_str(), merge.as_str()).await.unwrap().range;
    let seen: Vec<_> = range.commits.iter().map(|c| c.subject.as_str()).collect();
    assert_eq!(seen, ["merge side", "main goes on"]);
}

#[tokio::test]
async fn a_canary_that_is_no_descendant_has_an_ancestry_and_no_commits() {
    let (stage, [a, b, c]) = Stage::with(|history| {
        let a = history.commit("a", &[("a.txt", Some("a\n"))]);
        history.branch("other", &a);
        let b = history.commit("b", &[("a.txt", Some("b\n"))]);
        let c = history.commit_on("other", "c", &[("a.txt", Some("c\n"))]);
        [a, b, c]
    })
    .await;
    for (stable, canary, ancestry) in
        [(&a, &a, Ancestry::Same), (&b, &a, Ancestry::Older), (&b, &c, Ancestry::Diverged)]
    {
        let range = stage.range(stable.as_str(), canary.as_str()).await.unwrap().range;
        assert_eq!((range.ancestry, range.commits.len()), (ancestry, 0));
    }
}

#[tokio::test]
async fn binaries_symlinks_and_submodules_have_no_lines() {
    use crate::history::{FILE, LINK, SUBMODULE};
    let (stage, (stable, canary)) = Stage::with(|history| {
        let stable = history.commit("start", &[("z", Some("z\n"))]);
        let tree = history.flat_tree(&[
            (FILE, "binary", b"a\0b"),
            (LINK, "link", b"/etc/passwd"),
            (SUBMODULE, "sub", b""),
            (FILE, "z", b"z\n"),
        ]);
        (stable, history.commit_tree("strange", tree))
    })
    .await;
    let range = stage.range(stable.as_str(), canary.as_str()).await.unwrap().range;
    let opaque = |path| change(path, ChangeKind::Opaque, &[], 0, 0);
    assert_eq!(range.commits[0].files, [opaque("binary"), opaque("link"), opaque("sub")]);
}

#[tokio::test]
async fn a_version_that_is_nowhere_is_said_with_all_that_was_tried() {
    let (stage, stable) = Stage::with(|history| history.commit("start", &[("a", Some("a"))])).await;
    let absent = "0123456789012345678901234567890123456789";
    for named in ["9.9.9", absent, "abcdef0"] {
        let failure = stage.range(stable.as_str(), named).await.unwrap_err();
        assert_eq!((failure.kind, &failure.remedy), ("revision-not-found", &Remedy::GiveUp));
        assert!(failure.what.contains(named) && failure.what.contains("image tag"), "{}", failure.what);
    }
}

#[tokio::test]
async fn a_commit_that_no_branch_holds_is_fetched_by_its_id() {
    let (stage, stable) = Stage::with(|history| history.commit("start", &[("a", Some("a"))])).await;
    let server = stage.server();
    let lost = server.commit_on("gone", "built from a pull request", &[("a", Some("b"))]);
    stage.github.human("ada").delete_branch(crate::stage::NAME, "gone").unwrap_or_else(|_| {
        server.git.find_reference("refs/heads/gone").unwrap().delete().unwrap();
    });
    let range = stage.range(stable.as_str(), lost.as_str()).await.unwrap().range;
    assert_eq!((range.ancestry, range.commits.len()), (Ancestry::Diverged, 0));
}

#[tokio::test]
async fn a_long_range_is_read_up_to_the_limit_and_the_rest_is_counted() {
    let (mut stage, (stable, canary)) = Stage::with(|history| {
        let stable = history.commit("start", &[("a", Some("0"))]);
        let canary = (1..=5).map(|n| history.commit("next", &[("a", Some(&n.to_string()))])).last().unwrap();
        (stable, canary)
    })
    .await;
    stage.settings.limits.range_commits = 3;
    let range = stage.range(stable.as_str(), canary.as_str()).await.unwrap().range;
    assert_eq!((range.commits.len(), range.left_out), (3, 2));
}

#[tokio::test]
async fn where_a_later_commit_has_too_many_files_older_lines_in_the_unread_ones_are_not_claimed() {
    let (mut stage, (stable, canary)) = Stage::with(|history| {
        let stable = history.commit("start", &[("a", Some("a\n")), ("b", Some("b\n")), ("c", Some("c\n"))]);
        history.commit("touch c", &[("c", Some("C\n"))]);
        let all = [("a", Some("x\na\n")), ("b", Some("x\nb\n")), ("c", Some("x\nC\n"))];
        (stable, history.commit("touch all", &all))
    })
    .await;
    stage.settings.limits.commit_files = 2;
    let range = stage.range(stable.as_str(), canary.as_str()).await.unwrap().range;
    assert_eq!((range.commits[0].files.len(), range.commits[0].files_left_out), (2, 1));
    assert_eq!(range.commits[1].files, [change("c", ChangeKind::Modified, &[], 1, 1)]);
}

#[tokio::test]
async fn attack_22_a_commit_message_cannot_carry_control_or_invisible_characters() {
    let (stage, (stable, canary)) = Stage::with(|history| {
        let stable = history.commit("start", &[("a", Some("a"))]);
        let message = format!("\n\nfix \u{1b}[31mred\u{202e}\u{200b}\r{}\nbody", "x".repeat(500));
        (stable, history.commit(&message, &[("a", Some("b"))]))
    })
    .await;
    let range = stage.range(stable.as_str(), canary.as_str()).await.unwrap().range;
    let subject = &range.commits[0].subject;
    assert!(subject.starts_with("fix [31mredxxx") && subject.chars().count() == 200, "{subject:?}");
}

#[tokio::test]
async fn an_empty_repository_and_an_absent_base_branch_are_a_humans_matter() {
    let (mut stage, sha) = Stage::with(|history| history.commit("start", &[("a", Some("a"))])).await;
    stage.repository.base = "release".parse().unwrap();
    let failure = stage.range(sha.as_str(), sha.as_str()).await.unwrap_err();
    assert_eq!(failure.kind, "git-no-base");
    let (stage, ()) = Stage::with(|_| ()).await;
    let failure = stage.range("1", "2").await.unwrap_err();
    assert_eq!(failure.kind, "git-empty");
}
