//! Which commit made a difference of the pod templates.

use domain::*;
use serde_json::json;

use crate::scene::*;

const MANIFEST: &str = "deploy/rollout.yaml";
const MEMORY: &str = "spec.template.spec.containers[shop].resources.limits.memory";
const PATH: &str = "containers[shop].resources.limits.memory";

fn templates(stable: serde_json::Value, canary: serde_json::Value) -> ExhibitBody {
    let set = |hash: &str, container: serde_json::Value| {
        Some(ReplicaSet {
            hash: hash.parse().unwrap(),
            revision: None,
            source_revision: None,
            template: json!({"spec": {"containers": [container]}}),
        })
    };
    ExhibitBody::Templates { stable: set("678dd648d6", stable), canary: set("86686d4656", canary) }
}

fn container(image: &str, memory: &str) -> serde_json::Value {
    json!({"name": "shop", "image": image, "resources": {"limits": {"memory": memory}}})
}

/// The canary has a lower limit than stable, and nothing else differs.
fn lowered() -> Scene {
    Scene::healthy().with(templates(container("shop:1", "256Mi"), container("shop:1", "64Mi")))
}

fn manifest(path: &str, line: u32, key: &str, before: &str, after: &str) -> FileChange {
    let (before, after) = (Some(before.to_owned()), Some(after.to_owned()));
    let value = ChangedValue { line, own_line: line, key: key.to_owned(), before, after };
    FileChange { values: vec![value], ..file(path, &[(line, line)]) }
}

fn trim() -> Commit {
    commit('a', "trim memory", vec![manifest(MANIFEST, 18, MEMORY, "256Mi", "64Mi")])
}

fn other() -> Commit {
    commit('b', "new pool", vec![file("src/pool.rs", &[(1, 2)])])
}

/// File, line, path, and in how many places the range made the change.
type Placed = (String, u32, String, u32);

/// Each suspect with its places.
fn places(scene: Scene, range: CommitRange) -> Vec<(char, Vec<Placed>)> {
    let brief = scene.range(range).brief();
    let RangeFinding::Known { suspects, .. } = brief.range else { panic!("{:?}", brief.range) };
    let place = |reason: &SuspectReason| match reason {
        SuspectReason::SpecInLines { file, line, path, places, .. } => {
            Some((file.clone(), *line, path.clone(), *places))
        }
        _ => None,
    };
    let of = |suspect: &Suspect| {
        let first = suspect.sha.as_str().chars().next().unwrap();
        (first, suspect.reasons.iter().filter_map(place).collect())
    };
    suspects.iter().map(of).collect()
}

fn at(line: u32, places: u32) -> Placed {
    (MANIFEST.to_owned(), line, PATH.to_owned(), places)
}

#[test]
fn the_commit_that_made_the_difference_is_named_with_the_place() {
    let brief = lowered().range(commits(vec![other(), trim()])).brief();
    let RangeFinding::Known { suspects, .. } = &brief.range else { panic!("{:?}", brief.range) };
    let change = brief.changes[0].clone();
    assert_eq!((change.path.as_str(), change.canary.as_str()), (PATH, "\"64Mi\""));
    assert_eq!(
        suspects[0],
        Suspect {
            sha: trim().sha,
            subject: "trim memory".into(),
            score: 45,
            reasons: vec![
                SuspectReason::SpecInLines {
                    file: MANIFEST.into(),
                    line: 18,
                    path: PATH.into(),
                    exhibit: change.exhibit,
                    places: 1
                },
                SuspectReason::ChangesCode
            ],
            grounds: Grounds::Weak,
            files: vec![MANIFEST.into()],
        }
    );
}

#[test]
fn a_place_for_each_commit_and_file_that_made_it() {
    let again = commit('c', "again", vec![manifest(MANIFEST, 18, MEMORY, "256Mi", "64Mi")]);
    assert_eq!(
        places(lowered(), commits(vec![again, trim()])),
        [('c', vec![at(18, 2)]), ('a', vec![at(18, 2)])]
    );
    let step = commit('c', "a step", vec![manifest(MANIFEST, 18, MEMORY, "128Mi", "64Mi")]);
    assert_eq!(places(lowered(), commits(vec![step])), [('c', vec![])]);
}

#[test]
fn a_manifest_that_names_the_container_stands_before_values_that_could_be_anybodys() {
    let chart = manifest("chart/values.yaml", 3, "resources.limits.memory", "256Mi", "64Mi");
    let mut both = trim();
    both.files.push(chart.clone());
    assert_eq!(places(lowered(), commits(vec![both])), [('a', vec![at(18, 1)])]);
    let alone = places(lowered(), commits(vec![commit('a', "x", vec![chart])]));
    assert_eq!(alone, [('a', vec![("chart/values.yaml".to_owned(), 3, PATH.to_owned(), 1)])]);
}

#[test]
fn where_not_all_is_known_the_number_of_places_is_not_either() {
    let cut = CommitRange { left_out: 1, ..commits(vec![trim()]) };
    let large = Commit { files_left_out: 1, ..other() };
    let crowded = FileChange { values_left_out: 1, ..file("other.yaml", &[(1, 1)]) };
    let crowded = commit('b', "many values", vec![crowded]);
    let diverged = CommitRange { ancestry: Ancestry::Diverged, ..commits(vec![trim()]) };
    for range in [cut, commits(vec![large, trim()]), commits(vec![crowded, trim()]), diverged] {
        assert_eq!(places(lowered(), range)[0], ('a', vec![at(18, 0)]));
    }
}

#[test]
fn documentation_and_tests_made_no_difference() {
    let mut commit = trim();
    commit.files.push(manifest("docs/rollout.yaml", 18, MEMORY, "256Mi", "64Mi"));
    commit.files.push(FileChange { values_left_out: 9, ..file("tests/big.json", &[(1, 9)]) });
    assert_eq!(places(lowered(), commits(vec![commit])), [('a', vec![at(18, 1)])]);
}

#[test]
fn the_new_versions_image_is_nobodys_fault_unless_it_cannot_be_pulled() {
    let release = || {
        let key = "images[shop].newTag";
        commits(vec![commit('a', "release", vec![manifest("deploy/kustomization.yaml", 4, key, "1", "2")])])
    };
    let scene = || Scene::healthy().with(templates(container("shop:1", "64Mi"), container("shop:2", "64Mi")));
    assert_eq!(places(scene(), release()), [('a', vec![])]);
    let absent = scene().canary_pods(vec![waiting("shop-86686d4656-a", "ImagePullBackOff", "not found")]);
    let place = ("deploy/kustomization.yaml".to_owned(), 4, "containers[shop].image".to_owned(), 1);
    assert_eq!(places(absent, release()), [('a', vec![place])]);
}
