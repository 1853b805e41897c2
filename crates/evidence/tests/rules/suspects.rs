//! Suspects: each condition under which the evidence against a commit stands on its own.

use domain::*;

use crate::scene::*;

const PATH: &str = "src/main/java/shop/users/UserResource.java";

fn culprit() -> Commit {
    commit('a', "show display names", vec![file(PATH, &[(40, 43)])])
}

fn innocent() -> Commit {
    commit('b', "tune the pool", vec![file("src/main/java/shop/Pool.java", &[(1, 90)])])
}

fn suspects(scene: Scene, range: CommitRange) -> Vec<(char, u8, Grounds)> {
    let brief = scene.range(range).brief();
    let RangeFinding::Known { suspects, .. } = brief.range else { panic!("{:?}", brief.range) };
    suspects.iter().map(|s| (s.sha.as_str().chars().next().unwrap(), s.score, s.grounds)).collect()
}

#[test]
fn a_new_traces_own_frame_in_lines_that_one_commit_changed_stands_on_its_own() {
    let brief = Scene::throws().range(commits(vec![innocent(), culprit()])).brief();
    let RangeFinding::Known { suspects, commits: 2, .. } = &brief.range else { panic!("{:?}", brief.range) };
    let trace = &brief.traces[0];
    assert_eq!(
        suspects[0],
        Suspect {
            sha: culprit().sha,
            subject: "show display names".into(),
            score: 95,
            reasons: vec![
                SuspectReason::FrameInLines { file: PATH.into(), line: 42, exhibit: trace.exhibit },
                SuspectReason::ChangesCode
            ],
            grounds: Grounds::FrameInItsLines,
            files: vec![PATH.into()],
        }
    );
    assert_eq!((suspects[1].score, suspects[1].grounds), (20, Grounds::Weak));
}

#[test]
fn lines_that_two_commits_changed_blame_neither() {
    let other = commit('c', "format", vec![file(PATH, &[(42, 42)])]);
    assert_eq!(
        suspects(Scene::throws(), commits(vec![culprit(), other])),
        [('a', 75, Grounds::Weak), ('c', 75, Grounds::Weak)]
    );
}

#[test]
fn a_frame_on_another_line_of_a_changed_file_is_weak() {
    let near = commit('c', "move", vec![file(PATH, &[(1, 41)])]);
    assert_eq!(
        suspects(Scene::throws(), commits(vec![innocent(), near])),
        [('c', 50, Grounds::Weak), ('b', 20, Grounds::Weak)]
    );
}

#[test]
fn a_trace_that_stable_shows_too_blames_nobody() {
    let scene =
        Scene::throws().log(log(Side::Stable, "shop-678dd648d6-a", std::iter::repeat_n(JAVA_TRACE, 40)));
    assert!(suspects(scene, commits(vec![innocent(), culprit()])).iter().all(|s| s.2 == Grounds::Weak));
}

#[test]
fn an_outer_frame_in_changed_lines_does_not_stand_on_its_own() {
    let trace = "java.lang.IllegalStateException: x\n\tat shop.Db.read(Db.java:7)\n\tat shop.users.UserResource.displayName(UserResource.java:42)";
    let scene = Scene::canary_says(std::iter::repeat_n(trace, 20));
    assert_eq!(
        suspects(scene, commits(vec![innocent(), culprit()])),
        [('a', 65, Grounds::Weak), ('b', 20, Grounds::Weak)]
    );
}

#[test]
fn no_grounds_where_the_canary_does_not_descend_from_stable() {
    for ancestry in [Ancestry::Older, Ancestry::Diverged, Ancestry::Same] {
        let range = CommitRange { ancestry, ..commits(vec![culprit()]) };
        let brief = Scene::throws().range(range.clone()).brief();
        assert!(brief.left_out.iter().any(|said| said.contains("no commit is blamed")), "{ancestry:?}");
        assert!(suspects(Scene::throws(), range).iter().all(|s| s.2 == Grounds::Weak), "{ancestry:?}");
    }
}

#[test]
fn no_grounds_where_commits_or_files_of_the_range_are_not_known() {
    let cut = CommitRange { left_out: 1, ..commits(vec![innocent(), culprit()]) };
    assert_eq!(suspects(Scene::throws(), cut)[0], ('a', 75, Grounds::Weak));
    let large = Commit { files_left_out: 1, ..innocent() };
    assert_eq!(suspects(Scene::throws(), commits(vec![large, culprit()]))[0], ('a', 75, Grounds::Weak));
}

#[test]
fn a_file_that_could_be_two_is_said_to_be_so_and_nobody_is_blamed() {
    let twin =
        commit('c', "copy", vec![file("legacy/src/main/java/shop/users/UserResource.java", &[(40, 43)])]);
    let range = commits(vec![twin, culprit()]);
    let brief = Scene::throws().range(range.clone()).brief();
    assert!(
        brief.left_out.contains(
            &"shop/users/UserResource.java could be any of 2 changed files, so no commit is blamed for it"
                .to_owned()
        ),
        "{:?}",
        brief.left_out
    );
    assert_eq!(suspects(Scene::throws(), range), [('c', 20, Grounds::Weak), ('a', 20, Grounds::Weak)]);
}

#[test]
fn the_only_commit_outside_documentation_and_tests_stands_when_the_trouble_is_new() {
    let only = commit('a', "new pool", vec![file("src/main/java/shop/Pool.java", &[(1, 2)])]);
    let docs = commit(
        'd',
        "explain",
        vec![file("docs/a.md", &[(1, 2)]), file("src/test/java/ATest.java", &[(1, 2)])],
    );
    let range = || commits(vec![docs.clone(), only.clone()]);
    let errors = Scene::canary_says((0..30).map(|n| format!("ERROR shop.Pool - no connection for {n}")));
    assert_eq!(suspects(errors, range()), [('a', 85, Grounds::OnlyCandidate), ('d', 5, Grounds::Weak)]);
    assert_eq!(suspects(Scene::healthy(), range()), [('a', 35, Grounds::Weak), ('d', 5, Grounds::Weak)]);
}

#[test]
fn a_failed_metric_is_new_only_where_stable_passes_the_same_query() {
    let only = || commits(vec![culprit()]);
    let failed = || {
        Scene::healthy().with(ExhibitBody::AnalysisRun {
            run: run(AnalysisPhase::Failed, vec![metric("error-rate", AnalysisPhase::Failed)]),
        })
    };
    let grounds = |scene: Scene| suspects(scene, only())[0].2;
    assert_eq!(grounds(failed()), Grounds::Weak);
    assert_eq!(grounds(failed().series("error-rate", Side::Stable, &["0.01"])), Grounds::OnlyCandidate);
    assert_eq!(grounds(failed().series("error-rate", Side::Stable, &["0.3"])), Grounds::Weak);
}

#[test]
fn a_crash_that_stable_does_not_have_is_new_with_one_panic_in_the_log() {
    let panic = "thread 'main' panicked at src/users.rs:42:9:\nno name";
    let scene =
        Scene::canary_says([panic]).canary_pods(vec![restarted("shop-86686d4656-a", ended(101, "Error"))]);
    let range = commits(vec![innocent(), commit('a', "x", vec![file("src/users.rs", &[(42, 42)])])]);
    assert_eq!(suspects(scene, range), [('a', 95, Grounds::FrameInItsLines), ('b', 20, Grounds::Weak)]);
}

#[test]
fn one_panic_of_a_container_that_lives_on_is_too_little() {
    let panic = "thread 'worker' panicked at src/users.rs:42:9:\nno name";
    let range = commits(vec![innocent(), commit('a', "x", vec![file("src/users.rs", &[(42, 42)])])]);
    assert!(suspects(Scene::canary_says([panic]), range).iter().all(|s| s.2 == Grounds::Weak));
}

#[test]
fn an_unknown_range_says_why() {
    let mut scene = Scene::throws();
    let why = |scene: &Scene| match scene.brief().range {
        RangeFinding::Unknown { why } => why,
        RangeFinding::Known { .. } => panic!("it is not known"),
    };
    assert_eq!(
        why(&scene),
        "nothing names the repository; set the annotation rollmend.dev/repository on the Rollout"
    );
    scene.case.missing.push(Missing { what: "commit range".into(), why: "no tag 1.0.0".into() });
    assert_eq!(why(&scene), "commit range: no tag 1.0.0");
}
