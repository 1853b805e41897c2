//! Sure enough for a pull request on two grounds only, and less sure where something speaks against them.

use domain::*;

use crate::digest::e;
use crate::scene::{self, CULPRIT, Scene};

/// The verdict on a scene, held to category and confidence.
pub(crate) async fn finds(scene: Scene, category: Category, confidence: u8) -> Verdict {
    let verdict = scene.verdict().await;
    assert_eq!(
        (verdict.category, verdict.confidence.get()),
        (category, confidence),
        "{}",
        verdict.root_cause
    );
    verdict
}

#[tokio::test]
async fn a_new_trace_in_lines_of_one_commit_is_a_code_cause_and_sure_enough() {
    let verdict = finds(scene::null_pointer(), Category::Code, 90).await;
    assert_eq!(verdict.suspects[0].sha.as_str(), CULPRIT);
    assert!(scene::null_pointer().handoff().await.is_ok());
}

#[tokio::test]
async fn a_trace_that_stable_shows_as_well_is_a_little_less_sure() {
    let mut scene = scene::null_pointer();
    scene.brief.traces[0].novelty = Novelty::More;
    scene.brief.traces[0].stable = 3;
    finds(scene, Category::Code, 80).await;
}

#[tokio::test]
async fn a_trace_whose_line_no_commit_changed_is_not_sure_enough() {
    let mut scene = scene::null_pointer();
    scene.suspects()[0].grounds = Grounds::Weak;
    finds(scene.clone(), Category::Code, 55).await;
    assert!(matches!(scene.handoff().await, Err(NoHandoff::NotSureEnough { confidence: 55, needed: 70 })));
}

#[tokio::test]
async fn a_ground_that_belongs_to_another_trace_ties_nothing() {
    let mut scene = scene::null_pointer();
    scene.suspects()[0].reasons =
        vec![SuspectReason::FrameInLines { file: "src/Other.java".to_owned(), line: 42, exhibit: e(3) }];
    finds(scene, Category::Code, 55).await;
}

#[tokio::test]
async fn a_trace_that_could_not_be_compared_with_stable_is_never_sure_enough() {
    let mut scene = scene::null_pointer();
    scene.brief.traces[0].novelty = Novelty::Unknown;
    scene.brief.volume.stable_lines = 0;
    let verdict = finds(scene, Category::Code, 40).await;
    assert_eq!(verdict.claims[0].stable, "not read");
}

#[tokio::test]
async fn a_refused_connection_beside_the_trace_makes_it_contested() {
    let scene = scene::null_pointer().line(
        TemplateClass::ConnectionRefused,
        "ERROR connect to payments:8080: Connection refused",
        Novelty::New,
    );
    let verdict = finds(scene, Category::Code, 65).await;
    assert!(verdict.root_cause.contains("It may also follow from"), "{}", verdict.root_cause);
}

#[tokio::test]
async fn the_only_commit_and_new_trouble_are_sure_enough() {
    let mut with_trace = scene::null_pointer().only_candidate();
    with_trace.brief.traces[0].frames[0].line = Some(7);
    finds(with_trace, Category::Code, 85).await;
    let crash = scene::out_of_memory().only_candidate();
    finds(crash.clone(), Category::Code, 75).await;
    assert!(crash.handoff().await.is_ok());
    let mut metric = scene::refused().only_candidate();
    metric.brief.templates.clear();
    finds(metric, Category::Code, 75).await;
}

#[tokio::test]
async fn the_only_commit_is_not_to_blame_where_the_pod_template_changed_too() {
    let scene = scene::out_of_memory().only_candidate().change(
        "containers[users].env[CACHE].value",
        "\"1\"",
        "\"2\"",
    );
    finds(scene, Category::Unknown, 40).await;
}

#[tokio::test]
async fn the_only_commit_is_not_to_blame_for_a_metric_that_cannot_be_compared() {
    let mut scene = scene::refused().only_candidate();
    scene.brief.templates.clear();
    scene.brief.metrics[0].stable = None;
    finds(scene, Category::Unknown, 30).await;
}

#[tokio::test]
async fn a_quote_that_does_not_stand_in_its_exhibit_is_struck_and_costs_confidence() {
    let mut scene = scene::null_pointer();
    scene.brief.traces[0].quote.push_str(" at noon");
    let verdict = finds(scene.clone(), Category::Code, 70).await;
    assert_eq!(verdict.claims[0].quote, None);
    scene.brief.traces[0].exhibit = e(99);
    let verdict = scene.verdict().await;
    assert!(verdict.claims.iter().all(|claim| claim.exhibit != e(99)));
    assert!(verdict.confidence.get() < MIN_CONFIDENCE);
}

#[tokio::test]
async fn nothing_without_one_of_the_two_grounds_is_sure_enough() {
    let mut loose = scene::null_pointer();
    loose.suspects()[0].grounds = Grounds::Weak;
    let scenes = [
        loose,
        scene::lowered_limit(),
        scene::out_of_memory(),
        scene::image_pull(),
        scene::missing_key(),
        scene::refused(),
        scene::not_a_number(),
        scene::unknown(),
        scene::gate_silent(),
    ];
    for scene in scenes {
        let verdict = scene.verdict().await;
        assert!(
            verdict.confidence.get() < MIN_CONFIDENCE,
            "{}: {}",
            verdict.confidence.get(),
            verdict.root_cause
        );
    }
}

#[tokio::test]
async fn a_difference_of_the_pod_templates_that_the_brief_left_out_still_counts() {
    let mut scene = scene::out_of_memory().only_candidate();
    for exhibit in &mut scene.case.exhibits {
        if let ExhibitBody::Templates { canary: Some(canary), .. } = &mut exhibit.body {
            canary.template = serde_json::json!({"spec": {"containers": [{"name": "users", "image": "users:1.1.0", "args": ["-x"]}]}});
        }
    }
    let verdict = finds(scene, Category::Unknown, 40).await;
    assert!(verdict.ruled_out.iter().all(|claim| !claim.text.contains("pod template")));
}
