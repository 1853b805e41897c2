//! The example templates are held to what the daemon and the Rollouts controller do.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::path::Path;

fn example(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/examples");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_web_template_has_a_condition_and_asks_the_door_for_verdicts() {
    let template = example("analysis-template-web.yaml");
    assert!(template.contains("successCondition: result.ready && result.promote"), "{template}");
    assert!(template.contains(":8080/v1/verdict/{{args.namespace}}/{{args.rollout}}"), "{template}");
}

#[test]
fn the_web_template_asks_for_longer_than_a_judgement_may_wait() {
    let template = example("analysis-template-web.yaml");
    let limit =
        template.lines().find_map(|line| line.trim().strip_prefix("consecutiveErrorLimit: ")).unwrap();
    // The controller's retries are 10 s apart, and `[gate] max_wait` is 60 s unless the file says otherwise.
    assert!(limit.parse::<u64>().unwrap() * 10 > 60, "{limit}");
}

#[test]
fn the_plugin_template_carries_the_gate_token_in_its_path() {
    let template = example("analysis-template-plugin.yaml");
    assert!(template.contains("argoproj-labs/metric-ai:"), "{template}");
    assert!(template.contains(":8080/t/GATE-TOKEN"), "{template}");
}
