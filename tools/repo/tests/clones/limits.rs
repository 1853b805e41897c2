//! Attack 15: repositories that want to be too much, and clones that a crash left behind.

use domain::ports::Code as _;
use domain::{CommitSha, Failure, NoPatch};
use git2::Oid;

use crate::history::{FILE, History, LINK};
use crate::stage::{Stage, revision};

const TREE: i32 = 0o040_000;

async fn range_over(
    history: impl FnOnce(&History) -> Oid,
    limit: impl FnOnce(&mut tool_repo::Limits),
) -> Failure {
    let (mut stage, [stable, canary]) = Stage::with(|h| {
        let stable = h.commit("start", &[("a", Some("a"))]);
        let tree = history(h);
        [stable, h.commit_tree("large", tree)]
    })
    .await;
    limit(&mut stage.settings.limits);
    stage.range(stable.as_str(), canary.as_str()).await.unwrap_err()
}

/// Pseudo-random bytes, which do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state: u32 = 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    })
    .take(length)
    .collect()
}

#[tokio::test]
async fn attack_15_a_pack_over_the_quota_is_cut_while_it_comes() {
    let failure = range_over(
        |history| history.flat_tree(&[(FILE, "big", &noise(200_000))]),
        |limits| limits.received = 100_000,
    )
    .await;
    assert_eq!(failure.kind, "git-too-large");
    assert!(failure.what.contains("100000 bytes"), "{}", failure.what);
}

#[tokio::test]
async fn attack_15_the_quota_of_all_clones_bounds_each_of_them() {
    let (mut stage, stable) = Stage::with(|history| {
        let tree = history.flat_tree(&[(FILE, "big", &noise(200_000))]);
        history.commit_tree("large", tree)
    })
    .await;
    stage.settings.quota = 100_000;
    let failure = stage.range(stable.as_str(), stable.as_str()).await.unwrap_err();
    assert_eq!(failure.kind, "git-too-large");
}

#[tokio::test]
async fn attack_15_a_pack_of_too_many_objects_is_cut() {
    let failure = range_over(
        |history| {
            let names: Vec<String> = (100..200).map(|n| n.to_string()).collect();
            let entries: Vec<_> = names.iter().map(|name| (FILE, name.as_str(), name.as_bytes())).collect();
            history.flat_tree(&entries)
        },
        |limits| limits.objects = 50,
    )
    .await;
    assert_eq!(failure.kind, "git-too-large");
    assert!(failure.what.contains("objects"), "{}", failure.what);
}

#[tokio::test]
async fn attack_15_a_million_files_described_by_a_few_objects_are_not_walked() {
    let failure = range_over(
        |history| {
            let mut tree = history.flat_tree(&[(FILE, "f", b"x")]);
            for _ in 0..20 {
                let names: Vec<String> = (0..10).map(|n| n.to_string()).collect();
                let entries: Vec<_> = names.iter().map(|name| (TREE, name.as_str(), tree)).collect();
                tree = history.raw_tree(&entries);
            }
            tree
        },
        |_| (),
    )
    .await;
    assert_eq!(failure.kind, "repository-too-large");
    assert!(failure.what.contains("too many files"), "{}", failure.what);
}

#[tokio::test]
async fn attack_15_a_deep_tree_is_not_walked() {
    let failure = range_over(
        |history| {
            let leaf = history.flat_tree(&[(FILE, "f", b"x")]);
            (0..300).fold(leaf, |tree, _| history.raw_tree(&[(TREE, "d", tree)]))
        },
        |_| (),
    )
    .await;
    assert!(failure.what.contains("too deep"), "{}", failure.what);
}

#[tokio::test]
async fn attack_15_an_oversized_blob_is_opaque_in_a_range_and_stops_a_revert() {
    let (mut stage, [stable, canary]) = Stage::with(|history| {
        let stable = history.commit("start", &[("a", Some("a"))]);
        [stable, history.commit("big", &[("a", Some(&"line\n".repeat(1_000)))])]
    })
    .await;
    stage.settings.limits.blob = 1_000;
    let range = stage.range(stable.as_str(), canary.as_str()).await.unwrap().range;
    assert_eq!(range.commits[0].files[0].kind, domain::ChangeKind::Opaque);
    let why = stage.revert(&canary, &canary).await.unwrap_err();
    assert!(
        matches!(&why, NoPatch::Unsound { reason, .. } if reason.contains("larger than 1000")),
        "{why:?}"
    );
}

#[tokio::test]
async fn what_a_crash_left_in_a_clone_is_swept_and_a_broken_clone_is_made_anew() {
    let (stage, sha): (Stage, CommitSha) =
        Stage::with(|history| history.commit("start", &[("a", Some("a"))])).await;
    stage.range(sha.as_str(), sha.as_str()).await.unwrap();
    let path = stage.clone_on_disk().git.path().to_owned();
    let bases = path.join("refs/bases");
    let base = std::fs::read_dir(&bases).unwrap().next().unwrap().unwrap().path();
    let lock = base.with_extension("lock");
    std::fs::write(&lock, "").unwrap();
    let half = path.join("objects/pack/pack_git2_x1y2z3");
    std::fs::write(&half, "PACK").unwrap();
    stage.server().commit("next", &[("a", Some("b"))]);
    stage.range(sha.as_str(), sha.as_str()).await.unwrap();
    assert!(!lock.exists() && !half.exists());

    std::fs::remove_file(path.join("HEAD")).unwrap();
    stage.range(sha.as_str(), sha.as_str()).await.unwrap();
}

#[tokio::test]
async fn attack_15_more_refs_than_the_limit_are_not_taken() {
    let (mut stage, sha) = Stage::with(|history| {
        let sha = history.commit("start", &[("a", Some("a"))]);
        (0..100).for_each(|n| history.tag(&format!("tag-{n}"), &sha));
        sha
    })
    .await;
    stage.settings.limits.refs = 50;
    let failure = stage.range(sha.as_str(), sha.as_str()).await.unwrap_err();
    assert!(failure.what.contains("branches and tags"), "{}", failure.what);
    stage.settings.limits.advertised = 1_000;
    let failure = stage.range(sha.as_str(), sha.as_str()).await.unwrap_err();
    assert!(failure.what.contains("more than 1000 bytes"), "{}", failure.what);
}

#[tokio::test]
async fn a_clone_of_many_packs_starts_over() {
    let (mut stage, sha) = Stage::with(|history| history.commit("start", &[("a", Some("a"))])).await;
    stage.settings.limits.packs = 2;
    let mut counts = Vec::new();
    for n in 0..4 {
        stage.server().commit("next", &[("a", Some(&n.to_string()))]);
        stage.range(sha.as_str(), sha.as_str()).await.unwrap();
        let packs = std::fs::read_dir(stage.clone_on_disk().git.path().join("objects/pack")).unwrap();
        counts.push(packs.count() / 2);
    }
    assert_eq!(counts, [1, 2, 1, 2]);
}

#[tokio::test]
async fn operations_on_one_repository_wait_for_each_other_and_all_end() {
    let (stage, sha) = Stage::with(|history| history.commit("start", &[("a", Some("a"))])).await;
    let clones = stage.clones();
    let others = stage.clones();
    let named = [revision(sha.as_str())];
    let (one, two, three) = tokio::join!(
        clones.range(&stage.repository, &named, &named),
        clones.range(&stage.repository, &named, &named),
        others.range(&stage.repository, &named, &named),
    );
    assert_eq!(one.unwrap(), two.unwrap());
    three.unwrap();
}

#[test]
fn modes_of_strange_entries_are_those_of_git() {
    assert_eq!((TREE, LINK), (0x4000, 0xa000));
}
