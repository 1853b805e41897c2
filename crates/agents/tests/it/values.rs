//! Configuration causes: the value that explains the failure is found in a manifest and set back, and nothing else.

use domain::ports::{Fixer, HunkAt};
use domain::*;
use rollmend_agents::RevertFixer;

use crate::certainty::finds;
use crate::digest::{e, suspect};
use crate::double::Repositories;
use crate::scene::{self, CULPRIT, Scene};

const FILE: &str = "deploy/rollout.yaml";
const MEMORY: &str = "containers[users].resources.limits.memory";

/// A value as a commit changed it.
pub(crate) fn value(line: u32, key: &str, before: Option<&str>, after: Option<&str>) -> ChangedValue {
    let [before, after] = [before, after].map(|value| value.map(str::to_owned));
    ChangedValue { line, own_line: line - 2, key: format!("spec.template.spec.{key}"), before, after }
}

fn reason(line: u32, path: &str, places: u32) -> SuspectReason {
    SuspectReason::SpecInLines { file: FILE.to_owned(), line, path: path.to_owned(), exhibit: e(7), places }
}

fn file(path: &str, values: Vec<ChangedValue>) -> FileChange {
    FileChange {
        path: path.to_owned(),
        lines: vec![],
        added: 3,
        removed: 3,
        kind: ChangeKind::Modified,
        values,
        values_left_out: 0,
    }
}

impl Scene {
    /// The first suspect changed these values in the manifest, and code beside them.
    pub(crate) fn changed_by_the_suspect(mut self, places: &[(SuspectReason, ChangedValue)]) -> Self {
        let values = places.iter().map(|(_, value)| value.clone()).collect();
        let changed = Commit {
            sha: CULPRIT.parse().unwrap(),
            subject: "Trim the memory of users".to_owned(),
            author: "Ada".to_owned(),
            authored_at: self.case.header.from,
            parents: 1,
            files: vec![file(FILE, values), file("src/main/java/shop/users/Cache.java", vec![])],
            files_left_out: 0,
        };
        for exhibit in &mut self.case.exhibits {
            if let ExhibitBody::Range { range, .. } = &mut exhibit.body {
                range.commits = vec![changed.clone()];
            }
        }
        let first = &mut self.suspects()[0];
        first.subject.clone_from(&changed.subject);
        first.reasons = places.iter().map(|(reason, _)| reason.clone()).collect();
        self
    }

    /// It made this change, the only one, in the one place.
    fn made(self, path: &str, before: Option<&str>, after: Option<&str>) -> Self {
        self.changed_by_the_suspect(&[(reason(18, path, 1), value(18, path, before, after))])
    }
}

/// The memory limit went from 256Mi to 64Mi in one commit of the range.
pub(crate) fn trimmed() -> Scene {
    scene::lowered_limit().made(MEMORY, Some("256Mi"), Some("64Mi"))
}

/// A variable went away, and the log misses it.
pub(crate) fn taken_out() -> Scene {
    let path = "containers[users].env[PAYMENT_URL].value";
    scene::missing_key().made(path, Some("http://payments:8080"), None)
}

#[tokio::test]
async fn a_lowered_limit_of_one_commit_is_a_configuration_cause_and_sure_enough() {
    let mut scene = trimmed();
    let mut other = suspect('b', "Count users faster", SuspectReason::ChangesCode);
    other.grounds = Grounds::FrameInItsLines;
    scene.suspects()[1] = other;
    let verdict = finds(scene.clone(), Category::Configuration, 85).await;
    let grounds: Vec<_> = verdict.suspects.iter().map(|suspect| suspect.grounds).collect();
    assert_eq!(grounds, [Grounds::SpecChange, Grounds::Weak, Grounds::Weak]);
    assert_eq!(verdict.suspects[0].reasons, [reason(18, MEMORY, 1)]);
    assert_eq!(scene.handoff().await.unwrap().suspects().len(), 1);
}

#[tokio::test]
async fn a_change_in_several_places_of_one_commit_is_less_sure_and_one_of_several_commits_not_enough() {
    let limit = |line| (reason(line, MEMORY, 2), value(line, MEMORY, Some("256Mi"), Some("64Mi")));
    let twice = scene::lowered_limit().changed_by_the_suspect(&[limit(18), limit(40)]);
    finds(twice, Category::Configuration, 75).await;
    let one_of_two = scene::lowered_limit().changed_by_the_suspect(&[limit(18)]);
    finds(one_of_two.clone(), Category::Configuration, 65).await;
    assert!(matches!(one_of_two.handoff().await, Err(NoHandoff::NotSureEnough { .. })));
}

#[tokio::test]
async fn where_not_all_of_the_range_is_known_no_commit_is_blamed() {
    let unknown = (reason(18, MEMORY, 0), value(18, MEMORY, Some("256Mi"), Some("64Mi")));
    finds(scene::lowered_limit().changed_by_the_suspect(&[unknown]), Category::Configuration, 65).await;
}

#[tokio::test]
async fn a_commit_that_changed_another_value_is_not_blamed() {
    let path = "containers[users].env[CACHE].value";
    let scene = scene::lowered_limit().change(path, "\"1\"", "\"2\"").made(path, Some("1"), Some("2"));
    let verdict = finds(scene, Category::Configuration, 65).await;
    assert_eq!(verdict.suspects[0].grounds, Grounds::Weak);
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_is_held_against_who_named_it() {
    let [old, new] = ["1.0.0", "1.1.0"].map(|tag| format!("registry.acme.example/users:{tag}"));
    let scene = scene::image_pull().made("containers[users].image", Some(&old), Some(&new));
    let verdict = finds(scene, Category::Configuration, 85).await;
    assert!(verdict.remediation.ends_with("or push the image."), "{}", verdict.remediation);
}

#[tokio::test]
async fn a_variable_that_went_away_and_a_changed_address_are_found() {
    finds(taken_out(), Category::Configuration, 85).await;
    let path = "containers[users].env[PAY].value";
    let moved = scene::refused().change(path, "\"http://pay:80\"", "\"http://payments:8080\"");
    finds(moved.made(path, Some("http://pay:80"), Some("http://payments:8080")), Category::Configuration, 85)
        .await;
}

#[tokio::test]
async fn an_error_that_names_a_changed_variable_is_a_configuration_cause() {
    let path = "containers[users].env[POOL_SIZE].value";
    let saying = |quote: &str| {
        let scene = scene::out_of_memory().line(TemplateClass::Error, quote, Novelty::New);
        let mut scene = scene.change(path, "\"10\"", "\"ten\"");
        scene.brief.pods[0].problem = PodProblem::CrashLoop;
        scene
    };
    let named = saying("ERROR cannot start: POOL_SIZE must be a number, not 'ten'");
    finds(named.clone(), Category::Configuration, 60).await;
    let verdict = finds(named.made(path, Some("10"), Some("ten")), Category::Configuration, 85).await;
    assert_eq!(
        verdict.headline,
        "The canary logs an error and ends with it; it names a variable that the pod template changed (31 times, stable 0), since 4f2c9d1"
    );
    let other = saying("ERROR cannot start: MY_POOL_SIZE must be a number");
    finds(other.made(path, Some("10"), Some("ten")), Category::Configuration, 45).await;
}

#[tokio::test]
async fn memory_that_only_the_log_speaks_of_is_held_against_a_limit_of_a_container_that_ended() {
    let quote = "ERROR java.lang.OutOfMemoryError: Java heap space";
    let mut scene = trimmed().line(TemplateClass::OutOfMemory, quote, Novelty::New);
    scene.brief.pods[0].problem = PodProblem::Exited;
    finds(scene.clone(), Category::Configuration, 85).await;
    scene.brief.pods.clear();
    finds(scene, Category::Configuration, 65).await;
}

#[tokio::test]
async fn a_reference_is_held_against_who_changed_it_where_kubernetes_repeats_the_new_name() {
    let path = "containers[users].env[MODE].valueFrom.configMapKeyRef.name";
    let with = |detail: &str| {
        let mut scene = scene::out_of_memory().change(path, "\"users\"", "\"users-v2\"");
        scene.brief.pods[0].problem = PodProblem::MissingConfiguration;
        scene.brief.pods[0].detail = detail.to_owned();
        scene.made(path, Some("users"), Some("users-v2"))
    };
    finds(with("configmap \"users-v2\" not found"), Category::Configuration, 85).await;
    finds(with("configmap \"tls\" not found"), Category::Configuration, 65).await;
}

#[tokio::test]
async fn a_probe_and_a_request_are_found_and_a_second_change_of_the_kind_must_be_the_commits_too() {
    let [path, port] = ["path", "port"].map(|key| format!("containers[users].readinessProbe.httpGet.{key}"));
    let mut scene = scene::out_of_memory().change(&path, "\"/health\"", "\"/healthz\"");
    scene.brief.pods[0].problem = PodProblem::ProbeFailing;
    let probe = scene.clone().made(&path, Some("/health"), Some("/healthz"));
    finds(probe.clone(), Category::Configuration, 85).await;
    finds(probe.change(&port, "8080", "8081"), Category::Configuration, 65).await;
    let both = scene.change(&port, "8080", "8081").changed_by_the_suspect(&[
        (reason(20, &path, 1), value(20, &path, Some("/health"), Some("/healthz"))),
        (reason(21, &port, 1), value(21, &port, Some("8080"), Some("8081"))),
    ]);
    finds(both, Category::Configuration, 75).await;

    let path = "containers[users].resources.requests.memory";
    let mut large = scene::image_pull().change(path, "\"1Gi\"", "\"1Ti\"");
    large.brief.pods[0].problem = PodProblem::Unschedulable;
    finds(large.made(path, Some("1Gi"), Some("1Ti")), Category::Configuration, 85).await;
}

#[tokio::test]
async fn a_change_that_only_may_explain_the_end_of_a_container_blames_nobody() {
    let path = "containers[users].workingDir";
    let mut scene = scene::out_of_memory().change(path, "\"/app\"", "\"/ap\"");
    scene.brief.pods[0].problem = PodProblem::Exited;
    finds(scene.made(path, Some("/app"), Some("/ap")), Category::Configuration, 45).await;
}

#[tokio::test]
async fn a_line_that_could_not_be_compared_with_stable_ties_no_value() {
    let mut scene = taken_out();
    scene.brief.templates[0].novelty = Novelty::Unknown;
    finds(scene, Category::Configuration, 50).await;
}

#[tokio::test]
async fn only_the_values_are_set_back_on_the_suspects_branch() {
    let scene = trimmed();
    let handoff = scene.handoff().await.unwrap();
    let code = Repositories::default().shared();
    let fixer = RevertFixer { code: code.clone() };
    let proposal = fixer.fix(&handoff, &scene.case).await.unwrap().unwrap();
    let key = format!("spec.template.spec.{MEMORY}");
    assert_eq!(*code.hunks.lock().unwrap(), [HunkAt { file: FILE.to_owned(), line: 16, key }]);
    assert_eq!(proposal.patch.kind, PatchKind::RevertedHunks);
    assert_eq!(proposal.title, "Set limits.memory back to 256Mi");
    assert_eq!(proposal.branch.as_str(), "rollmend/main/4f2c9d1a0b1c");
    assert_eq!(fixer.fix(&handoff, &scene.case).await.unwrap().unwrap(), proposal);
    insta::assert_snapshot!("commit_message_setting_back", code.messages.lock().unwrap()[0]);
}

#[tokio::test]
async fn where_a_value_cannot_be_set_back_its_whole_commit_is_not_reverted_instead() {
    let scene = trimmed();
    let handoff = scene.handoff().await.unwrap();
    let sha = handoff.suspects()[0].sha.clone();
    let conflict = NoPatch::Conflict { suspect: sha.short().to_owned(), files: FILE.to_owned() };
    let code = Repositories::refusing(&sha, conflict.clone()).shared();
    let fixer = RevertFixer { code: code.clone() };
    assert_eq!(fixer.fix(&handoff, &scene.case).await.unwrap().unwrap_err(), conflict);
    assert_eq!(code.messages.lock().unwrap().len(), 1);

    let mut bare = scene.case.clone();
    bare.exhibits.retain(|exhibit| !matches!(exhibit.body, ExhibitBody::Range { .. }));
    let why = fixer.fix(&handoff, &bare).await.unwrap().unwrap_err();
    assert!(matches!(why, NoPatch::Unsound { .. }), "{why}");
}

async fn body(scene: &Scene) -> String {
    let handoff = scene.handoff().await.unwrap();
    let fixer = RevertFixer { code: Repositories::default().shared() };
    let proposal = fixer.fix(&handoff, &scene.case).await.unwrap().unwrap();
    format!("{}\n\n{}", proposal.title, proposal.body)
}

#[tokio::test]
async fn the_pull_request_says_what_is_set_back_and_what_stays() {
    insta::assert_snapshot!("pull_request_trimmed", body(&trimmed()).await);
    insta::assert_snapshot!("pull_request_taken_out", body(&taken_out()).await);
    let limit = |line| (reason(line, MEMORY, 2), value(line, MEMORY, Some("256Mi"), Some("64Mi")));
    let twice = scene::lowered_limit().changed_by_the_suspect(&[limit(18), limit(40)]);
    insta::assert_snapshot!("pull_request_twice", body(&twice).await);
}

#[tokio::test]
async fn a_tied_value_is_told_with_its_commit_and_place() {
    for (name, scene) in [("trimmed", trimmed()), ("taken_out", taken_out())] {
        insta::assert_snapshot!(format!("told_{name}"), crate::voice::told(&scene).await);
    }
}

#[tokio::test]
async fn attack_22_a_value_file_or_key_cannot_speak_in_the_pull_request() {
    let evil = "x` @octocat fixes #12 <img src=x> ![a](https://evil.example)\n# Approved";
    let path = "containers[users].env[PAYMENT_URL].value";
    let mut scene = scene::missing_key();
    scene.brief.changes.clear();
    scene = scene.change(path, &serde_json::json!(evil).to_string(), "").made(path, Some(evil), None);
    for exhibit in &mut scene.case.exhibits {
        if let ExhibitBody::Range { range, .. } = &mut exhibit.body {
            range.commits[0].files[1].path = evil.to_owned();
        }
    }
    let body = body(&scene).await;
    assert_eq!(body.lines().next().unwrap(), "Put PAYMENT_URL back");
    assert!(!body.lines().any(|line| line.starts_with("# Approved")), "{body}");
    let outside = crate::hostile::outside_of_code(&body);
    for bad in ["@octocat", "#12", "<img", "](", "Approved"] {
        assert!(!outside.contains(bad), "{bad}: {outside}");
    }
}
