//! Single values undone: as few lines as leave the manifest whole, and only where they still are the suspect's.

use domain::ports::{Code as _, HunkAt, Pushed};
use domain::{CommitSha, NoPatch, Patch, PatchKind, PatchedFile};

use crate::history::{History, oid};
use crate::stage::Stage;

const FILE: &str = "deploy/rollout.yaml";
const ROLLOUT: &str = "kind: Rollout
spec:
  template:
    spec:
      containers:
        - name: shop
          image: shop:1.0.0
          env:
            - name: PAYMENT_URL
              value: http://payments:8080
            - name: MODE
              value: safe
          resources:
            requests:
              memory: 64Mi
            limits:
              cpu: 500m
              memory: 256Mi
---
kind: Service
";
const MEMORY: &str = "spec.template.spec.containers[shop].resources.limits.memory";

fn at(line: u32, key: &str) -> HunkAt {
    HunkAt { file: FILE.to_owned(), line, key: key.to_owned() }
}

fn memory() -> HunkAt {
    at(18, MEMORY)
}

/// What the base branch has when the fix is made.
enum Then<'a> {
    Nothing,
    /// The canary's version of the manifest goes on.
    Canary(&'a str),
    /// The base branch's.
    Base(&'a str),
}

/// The start, a suspect that changes the manifest and code, and what came then.
async fn staged(suspects: &str, then: Then<'_>) -> (Stage, CommitSha, CommitSha) {
    staged_from(ROLLOUT, suspects, then).await
}

async fn staged_from(start: &str, suspects: &str, then: Then<'_>) -> (Stage, CommitSha, CommitSha) {
    let write = |history: &History| {
        history.commit("start", &[(FILE, Some(start)), ("src/a.rs", Some("a\n"))]);
        let suspect = history.commit("suspect", &[(FILE, Some(suspects)), ("src/a.rs", Some("b\n"))]);
        let canary = match then {
            Then::Canary(text) => history.commit("canary goes on", &[(FILE, Some(text))]),
            Then::Nothing | Then::Base(_) => suspect.clone(),
        };
        if let Then::Base(text) = then {
            history.commit("main goes on", &[(FILE, Some(text))]);
        }
        (suspect, canary)
    };
    let (stage, (suspect, canary)) = Stage::with(write).await;
    (stage, suspect, canary)
}

impl Stage {
    async fn undo(
        &self,
        (suspect, canary): (&CommitSha, &CommitSha),
        hunks: &[HunkAt],
    ) -> Result<Patch, NoPatch> {
        let clones = self.clones();
        clones.revert_hunks(&self.repository, suspect, canary, hunks, "Set it back").await.unwrap()
    }
}

/// The manifest after the values of a suspect were undone.
async fn undone(start: &str, suspects: &str, hunks: &[HunkAt]) -> String {
    let (stage, suspect, canary) = staged_from(start, suspects, Then::Nothing).await;
    let patch = stage.undo((&suspect, &canary), hunks).await.unwrap();
    stage.clone_on_disk().text(&patch.commit, FILE).unwrap()
}

#[tokio::test]
async fn one_value_is_undone_and_its_neighbour_the_code_and_later_changes_stay() {
    let suspects = ROLLOUT.replace("256Mi", "64Mi").replace("cpu: 500m", "cpu: 250m");
    let base = format!("# run by the shop's team\n{suspects}");
    let (stage, suspect, canary) = staged(&suspects, Then::Base(&base)).await;
    let patch = stage.undo((&suspect, &canary), &[memory()]).await.unwrap();
    let clone = stage.clone_on_disk();
    assert_eq!(
        clone.text(&patch.commit, FILE).unwrap(),
        format!("# run by the shop's team\n{}", ROLLOUT.replace("cpu: 500m", "cpu: 250m"))
    );
    assert_eq!(clone.text(&patch.commit, "src/a.rs").unwrap(), "b\n");
    let expected = Patch {
        base: "main".parse().unwrap(),
        base_commit: stage
            .server()
            .git
            .refname_to_id("refs/heads/main")
            .unwrap()
            .to_string()
            .parse()
            .unwrap(),
        commit: patch.commit.clone(),
        reverts: suspect.clone(),
        kind: PatchKind::RevertedHunks,
        files: vec![PatchedFile { path: FILE.to_owned(), added: 1, removed: 1 }],
        flagged: vec![],
        diff: patch.diff.clone(),
    };
    assert_eq!(patch, expected);
    assert!(
        patch
            .diff
            .ends_with("-              memory: 64Mi\n+              memory: 256Mi\n ---\n kind: Service\n"),
        "{}",
        patch.diff
    );
    let message = clone.git.find_commit(oid(&patch.commit)).unwrap().message().unwrap().to_owned();
    assert_eq!(message, format!("Set it back\n\nRollmend-Mends: {suspect}\n"));
    assert_eq!(stage.undo((&suspect, &canary), &[memory()]).await.unwrap(), patch);
}

#[tokio::test]
async fn a_variable_that_was_taken_out_comes_back_with_its_name_and_its_neighbours_stay_as_they_are() {
    let entry = "            - name: PAYMENT_URL\n              value: http://payments:8080\n";
    let key = "spec.template.spec.containers[shop].env[PAYMENT_URL].value";
    let alone = ROLLOUT.replace(entry, "");
    assert_eq!(undone(ROLLOUT, &alone, &[at(8, key)]).await, ROLLOUT);
    let with_others =
        alone.replace("value: safe", "value: fast").replace("image: shop:1.0.0", "image: shop:1.1.0");
    assert_eq!(
        undone(ROLLOUT, &with_others, &[at(8, key)]).await,
        with_others.replace("          env:\n", &format!("          env:\n{entry}"))
    );
}

#[tokio::test]
async fn a_value_that_came_goes_with_the_keys_that_came_for_it_alone() {
    let limits = "            limits:\n              cpu: 500m\n              memory: 256Mi\n";
    let without = ROLLOUT.replace(limits, "");
    assert_eq!(
        undone(&without, ROLLOUT, &[memory()]).await,
        ROLLOUT.replace("              memory: 256Mi\n", "")
    );
    let only_memory = ROLLOUT.replace("              cpu: 500m\n", "");
    assert_eq!(undone(&without, &only_memory, &[at(17, MEMORY)]).await, without);
}

#[tokio::test]
async fn an_element_that_came_goes_whole() {
    let entry = "            - name: MODE\n              value: safe\n";
    let key = "spec.template.spec.containers[shop].env[MODE].value";
    let without = ROLLOUT.replace(entry, "");
    assert_eq!(undone(&without, ROLLOUT, &[at(12, key)]).await, without);
}

#[tokio::test]
async fn several_values_are_undone_together() {
    let suspects = ROLLOUT.replace("256Mi", "64Mi").replace("value: safe", "value: fast");
    let mode = at(12, "spec.template.spec.containers[shop].env[MODE].value");
    assert_eq!(undone(ROLLOUT, &suspects, &[memory(), mode, memory()]).await, ROLLOUT);
}

#[tokio::test]
async fn line_ends_and_a_missing_last_one_are_kept() {
    let start = "A: 1\r\nB: 2\r\nC: 3";
    let key = |line, key: &str| [at(line, key)];
    assert_eq!(undone(start, "A: 1\r\nB: 9\r\nC: 3", &key(2, "B")).await, start);
    assert_eq!(undone(start, "A: 1\r\nB: 2\r\nC: 9", &key(3, "C")).await, start);
    assert_eq!(undone(start, "A: 1\r\nB: 8\r\nC: 9", &key(3, "C")).await, "A: 1\r\nB: 8\r\nC: 3");
}

#[tokio::test]
async fn templates_properties_and_json_are_undone_by_their_lines() {
    for (file, start, suspects, line, key) in [
        ("chart/values.yaml", "x: {{ .y }}\nmemory: 2\n", "x: {{ .y }}\nmemory: 1\n", 2, "memory"),
        ("a.properties", "pool=5\nmode=a\n", "pool=6\nmode=a\n", 1, "pool"),
        ("a.json", "{\n \"a\": 1,\n \"b\": 2\n}\n", "{\n \"a\": 1,\n \"b\": 3\n}\n", 3, "b"),
    ] {
        let (stage, suspect) = Stage::with(|history| {
            history.commit("start", &[(file, Some(start))]);
            history.commit("suspect", &[(file, Some(suspects))])
        })
        .await;
        let hunk = HunkAt { file: file.to_owned(), line, key: key.to_owned() };
        let patch = stage.undo((&suspect, &suspect), &[hunk]).await.unwrap();
        assert_eq!(stage.clone_on_disk().text(&patch.commit, file).unwrap(), start);
    }
}

#[tokio::test]
async fn a_value_that_the_base_branch_has_back_already_is_not_undone_twice() {
    let suspects = ROLLOUT.replace("256Mi", "64Mi");
    let (stage, suspect, canary) = staged(&suspects, Then::Base(ROLLOUT)).await;
    let why = stage.undo((&suspect, &canary), &[memory()]).await.unwrap_err();
    let base = "main".parse().unwrap();
    assert_eq!(why, NoPatch::UndoneAlready { suspect: suspect.short().to_owned(), base });
}

#[tokio::test]
async fn a_value_that_the_base_branch_changed_again_is_left_alone() {
    let suspects = ROLLOUT.replace("256Mi", "64Mi");
    for base in [ROLLOUT.replace("256Mi", "128Mi"), ROLLOUT.replace("              memory: 256Mi\n", "")] {
        let (stage, suspect, canary) = staged(&suspects, Then::Base(&base)).await;
        let why = stage.undo((&suspect, &canary), &[memory()]).await.unwrap_err();
        let (suspect, base) = (suspect.short().to_owned(), "main".parse().unwrap());
        assert_eq!(why, NoPatch::ChangedSince { suspect, file: FILE.to_owned(), base });
    }
}

#[tokio::test]
async fn a_value_that_the_canary_itself_has_otherwise_is_for_a_person() {
    let suspects = ROLLOUT.replace("256Mi", "64Mi");
    let canary = ROLLOUT.replace("256Mi", "96Mi");
    let (stage, suspect, canary) = staged(&suspects, Then::Canary(&canary)).await;
    let why = stage.undo((&suspect, &canary), &[memory()]).await.unwrap_err();
    assert_eq!(why, NoPatch::Conflict { suspect: suspect.short().to_owned(), files: FILE.to_owned() });
    assert!(why.needs_a_human());
}

#[tokio::test]
async fn a_place_that_the_suspect_did_not_change_gives_no_patch() {
    let suspects = ROLLOUT.replace("256Mi", "64Mi");
    let (stage, suspect, canary) = staged(&suspects, Then::Nothing).await;
    let code = HunkAt { file: "src/a.rs".to_owned(), ..memory() };
    for hunks in [vec![at(17, MEMORY)], vec![at(18, "kind")], vec![code], vec![], vec![memory(); 21]] {
        let why = stage.undo((&suspect, &canary), &hunks).await.unwrap_err();
        assert!(matches!(why, NoPatch::Unsound { .. }), "{why}");
    }
}

#[tokio::test]
async fn a_suspect_that_is_not_on_the_base_branch_gives_no_patch() {
    let (stage, suspect) = Stage::with(|history| {
        let start = history.commit("start", &[(FILE, Some(ROLLOUT))]);
        history.branch("side", &start);
        history.commit_on("side", "suspect", &[(FILE, Some(&ROLLOUT.replace("256Mi", "64Mi")))])
    })
    .await;
    let why = stage.undo((&suspect, &suspect), &[memory()]).await.unwrap_err();
    assert!(matches!(why, NoPatch::NotOnBase { .. }), "{why}");
}

#[tokio::test]
async fn attack_18_a_value_in_a_workflow_is_never_undone() {
    let file = ".github/workflows/ci.yml";
    let (stage, suspect) = Stage::with(|history| {
        history.commit("start", &[(file, Some("a: 1\n"))]);
        history.commit("suspect", &[(file, Some("a: 2\n"))])
    })
    .await;
    let hunk = HunkAt { file: file.to_owned(), line: 1, key: "a".to_owned() };
    let why = stage.undo((&suspect, &suspect), &[hunk]).await.unwrap_err();
    assert!(matches!(why, NoPatch::PathRefused { .. }), "{why}");
}

#[tokio::test]
async fn what_would_not_parse_or_would_change_more_is_not_proposed() {
    let file = "a.json";
    for (start, suspects, line, key) in [
        ("{\n \"a\": 1,\n \"b\": 2\n}\n", "{\n \"a\": 1\n}\n", 1, "b"),
        ("{\"a\": 1, \"b\": 1}\n", "{\"a\": 2, \"b\": 2}\n", 1, "a"),
    ] {
        let (stage, suspect) = Stage::with(|history| {
            history.commit("start", &[(file, Some(start))]);
            history.commit("suspect", &[(file, Some(suspects))])
        })
        .await;
        let hunk = HunkAt { file: file.to_owned(), line, key: key.to_owned() };
        let why = stage.undo((&suspect, &suspect), &[hunk]).await.unwrap_err();
        assert!(matches!(why, NoPatch::Unsound { .. }), "{why}");
    }
}

#[tokio::test]
async fn a_value_set_back_is_pushed_once_and_known_again_on_a_newer_base() {
    let suspects = ROLLOUT.replace("256Mi", "64Mi");
    let (stage, suspect, canary) = staged(&suspects, Then::Nothing).await;
    let branch = "rollmend/main/0123456789ab".parse().unwrap();
    let first = stage.undo((&suspect, &canary), &[memory()]).await.unwrap();
    let pushed = stage.clones().push(&stage.repository, &branch, &first).await.unwrap();
    assert_eq!(pushed, Pushed::Created(first.commit.clone()));
    stage.server().commit("main goes on", &[("b", Some("b\n"))]);
    let second = stage.undo((&suspect, &canary), &[memory()]).await.unwrap();
    assert_ne!(second.commit, first.commit);
    let pushed = stage.clones().push(&stage.repository, &branch, &second).await.unwrap();
    assert_eq!(pushed, Pushed::AlreadyThere(first.commit));
}

#[tokio::test]
async fn attack_8_a_manifest_that_became_a_symlink_is_left_alone() {
    let lowered = ROLLOUT.replace("256Mi", "64Mi");
    let (stage, suspect) = Stage::with(|history| {
        history.commit("start", &[("a.yaml", Some(ROLLOUT))]);
        let suspect = history.commit("suspect", &[("a.yaml", Some(&lowered))]);
        history.commit_tree("link", history.flat_tree(&[(crate::history::LINK, "a.yaml", b"/etc/passwd")]));
        suspect
    })
    .await;
    let hunk = HunkAt { file: "a.yaml".to_owned(), ..memory() };
    let why = stage.undo((&suspect, &suspect), &[hunk]).await.unwrap_err();
    assert!(matches!(why, NoPatch::ChangedSince { .. }), "{why}");
}
