//! The examples and the configuration of `deploy/` are held to what the daemon and the Rollouts controller do.
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

#[test]
fn the_configuration_to_begin_with_in_a_cluster_is_valid_and_lies_where_the_manifest_mounts_it() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    let check = std::process::Command::new(env!("CARGO_BIN_EXE_rollmend"))
        .args(["check", "--config"])
        .arg(deploy.join("agents.toml"))
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    let (configuration, manifest) = ["agents.toml", "deployment.yaml"]
        .map(|file| std::fs::read_to_string(deploy.join(file)).unwrap())
        .into();
    for mounted in ["/etc/rollmend/secrets", "/var/lib/rollmend"] {
        assert!(
            configuration.contains(mounted) && manifest.contains(&format!("mountPath: {mounted}")),
            "{mounted}"
        );
    }
    assert!(manifest.contains("--config, /etc/rollmend/config/agents.toml"), "{manifest}");
}
