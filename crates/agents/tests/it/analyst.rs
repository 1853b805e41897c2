//! Right in what it claims, unknown where it does not know.

use domain::*;

use crate::certainty::finds;
use crate::scene;

#[tokio::test]
async fn a_panic_that_ends_the_container_is_a_code_cause() {
    let verdict = finds(scene::panic(), Category::Code, 90).await;
    assert_eq!(
        verdict.claims[1].text,
        "container `users` ends and is restarted again and again: `back-off 20s restarting failed container`"
    );
}

#[tokio::test]
async fn an_oom_kill_under_a_lowered_limit_is_a_configuration_cause() {
    finds(scene::lowered_limit(), Category::Configuration, 65).await;
}

#[tokio::test]
async fn an_oom_kill_under_the_same_limit_is_unknown() {
    finds(scene::out_of_memory(), Category::Unknown, 40).await;
    let raised =
        scene::out_of_memory().change("containers[users].resources.limits.memory", "\"64Mi\"", "\"1Gi\"");
    finds(raised, Category::Unknown, 40).await;
}

#[tokio::test]
async fn a_changed_image_that_cannot_be_pulled_is_configuration_and_an_unchanged_one_is_infrastructure() {
    finds(scene::image_pull(), Category::Configuration, 65).await;
    let mut same = scene::image_pull();
    same.brief.changes.clear();
    finds(same, Category::Infrastructure, 60).await;
}

#[tokio::test]
async fn a_missing_key_is_a_configuration_cause() {
    finds(scene::missing_key(), Category::Configuration, 65).await;
    let mut unexplained = scene::missing_key();
    unexplained.brief.changes.clear();
    finds(unexplained, Category::Configuration, 60).await;
    let pod = scene::image_pull();
    let mut object = pod.clone();
    object.brief.pods[0].problem = PodProblem::MissingConfiguration;
    object.brief.changes.clear();
    finds(object, Category::Configuration, 60).await;
}

#[tokio::test]
async fn a_refused_connection_or_a_name_that_does_not_resolve_is_infrastructure() {
    let verdict = finds(scene::refused(), Category::Infrastructure, 60).await;
    assert_eq!(verdict.suspects, vec![]);
    let mut dns = scene::refused();
    dns.brief.templates[0].class = TemplateClass::NameResolution;
    finds(dns, Category::Infrastructure, 60).await;
}

#[tokio::test]
async fn a_refused_connection_in_a_trace_is_infrastructure_also_where_a_commit_changed_the_line() {
    let mut scene = scene::null_pointer();
    scene.brief.traces[0].error = "java.net.ConnectException".to_owned();
    scene.brief.traces[0].message = "Connection refused".to_owned();
    finds(scene, Category::Infrastructure, 60).await;
}

#[tokio::test]
async fn a_refused_connection_to_a_changed_address_is_configuration() {
    let scene = scene::refused().change(
        "containers[users].env[PAY].value",
        "\"http://pay:80\"",
        "\"http://payments:8080\"",
    );
    finds(scene, Category::Configuration, 65).await;
}

#[tokio::test]
async fn a_pod_that_fits_on_no_node_is_infrastructure_unless_it_asks_for_more_than_stable() {
    let mut scene = scene::image_pull();
    scene.brief.pods[0].problem = PodProblem::Unschedulable;
    finds(scene.clone(), Category::Infrastructure, 60).await;
    let asks = scene.change("containers[users].resources.requests.memory", "\"1Gi\"", "\"1Ti\"");
    finds(asks, Category::Configuration, 65).await;
}

#[tokio::test]
async fn a_failing_probe_is_configuration_where_it_was_changed_and_else_unknown() {
    let mut scene = scene::out_of_memory();
    scene.brief.pods[0].problem = PodProblem::ProbeFailing;
    finds(scene.clone(), Category::Unknown, 30).await;
    let changed =
        scene.change("containers[users].readinessProbe.httpGet.path", "\"/health\"", "\"/healthz\"");
    finds(changed, Category::Configuration, 65).await;
}

#[tokio::test]
async fn a_query_without_data_or_with_nan_is_the_templates_fault() {
    finds(scene::not_a_number(), Category::AnalysisTemplate, 60).await;
    let mut no_data = scene::not_a_number();
    no_data.brief.metrics[0].problem = MetricProblem::NoData;
    finds(no_data.clone(), Category::AnalysisTemplate, 60).await;
    no_data.brief.standing = Standing::SameOnStable;
    finds(no_data, Category::AnalysisTemplate, 60).await;
}

#[tokio::test]
async fn a_query_that_finds_nothing_for_stable_either_is_corrected_by_its_label() {
    let mut scene = scene::not_a_number();
    scene.brief.metrics[0].problem = MetricProblem::NoData;
    scene.brief.metrics[0].stable = None;
    let asked = |label: &str| {
        let mut scene = scene.clone();
        for exhibit in &mut scene.case.exhibits {
            if let ExhibitBody::Series { query, points, .. } = &mut exhibit.body {
                *query = format!("sum(rate(errors{{{label}=\"86686d4656\"}}[1m]))");
                points.clear();
            }
        }
        scene
    };
    let start = "Correct the query of metric `http-errors` in the AnalysisTemplate:";
    assert_eq!(
        asked("pod_template_hash").verdict().await.remediation,
        format!(
            "{start} its label `pod_template_hash` finds nothing for stable either; a Rollout's pods carry `rollouts-pod-template-hash`. Then retry."
        )
    );
    assert_eq!(
        asked("rollouts_pod_template_hash").verdict().await.remediation,
        format!(
            "{start} it finds nothing for stable either; check that Prometheus has the label `rollouts_pod_template_hash`. Then retry."
        )
    );
    let mut only_canary = asked("pod_template_hash");
    let of_stable = only_canary.case.exhibits.iter_mut().rev().find_map(|exhibit| match &mut exhibit.body {
        ExhibitBody::Series { side: Side::Stable, points, .. } => Some(points),
        _ => None,
    });
    of_stable.unwrap().push(Point { at: scene.case.header.from, value: "0".to_owned() });
    assert!(
        only_canary.verdict().await.remediation.starts_with("Run the query of the AnalysisTemplate by hand")
    );
}

#[tokio::test]
async fn an_error_in_the_query_is_the_templates_fault_and_a_silent_provider_is_infrastructure() {
    let mut scene = scene::not_a_number();
    scene.brief.metrics[0].problem = MetricProblem::Errored;
    scene.brief.metrics[0].message = "bad_data: invalid parameter \"query\": 1:5: parse error".to_owned();
    finds(scene.clone(), Category::AnalysisTemplate, 60).await;
    scene.brief.metrics[0].message =
        "Post \"http://prometheus:9090\": dial tcp: connection refused".to_owned();
    finds(scene, Category::Infrastructure, 60).await;
}

#[tokio::test]
async fn a_query_without_data_does_not_hide_what_the_canary_shows() {
    let mut scene = scene::null_pointer();
    scene.brief.metrics[0].problem = MetricProblem::NoData;
    finds(scene, Category::Code, 90).await;
}

#[tokio::test]
async fn a_metric_that_nothing_explains_is_unknown_and_says_what_is_missing() {
    let verdict = finds(scene::unknown(), Category::Unknown, 30).await;
    for part in [
        "the commits between stable and canary (``the image tag `latest`",
        "users-86686d4656-y",
        "1,200 canary log lines",
    ] {
        assert!(verdict.analysis.contains(part), "{part}: {}", verdict.analysis);
    }
}

#[tokio::test]
async fn the_gate_that_could_not_answer_is_never_a_code_cause() {
    let verdict = finds(scene::gate_silent(), Category::Infrastructure, 60).await;
    assert!(verdict.root_cause.starts_with("The gate could not answer"), "{}", verdict.root_cause);
}

#[tokio::test]
async fn an_abort_by_hand_alone_is_explained_as_one() {
    let mut scene = scene::gate_silent();
    scene.case.header.troubles = vec![Trouble::AbortedByHand];
    let verdict = finds(scene, Category::Unknown, 20).await;
    assert!(verdict.root_cause.starts_with("A person aborted"), "{}", verdict.root_cause);
}

#[tokio::test]
async fn an_inconclusive_analysis_is_said_to_be_one() {
    let mut scene = scene::gate_silent();
    scene.case.header.troubles = vec![Trouble::Inconclusive { message: String::new() }];
    let verdict = finds(scene, Category::Unknown, 20).await;
    assert!(verdict.headline.contains("inconclusive"), "{}", verdict.headline);
}

#[tokio::test]
async fn what_stable_shows_alike_is_not_blamed_on_the_canary() {
    let mut scene = scene::null_pointer();
    scene.brief.standing = Standing::SameOnStable;
    scene.brief.traces[0].novelty = Novelty::Alike;
    scene.brief.traces[0].stable = 400;
    finds(scene, Category::Unknown, 40).await;
    let mut dependency = scene::refused();
    dependency.brief.standing = Standing::SameOnStable;
    dependency.brief.templates[0].novelty = Novelty::Alike;
    dependency.brief.templates[0].stable = 30;
    finds(dependency, Category::Infrastructure, 40).await;
}

#[tokio::test]
async fn a_missed_deadline_is_explained_by_what_keeps_pods_from_ready() {
    let verdict = scene::image_pull().verdict().await;
    assert!(verdict.analysis.contains("missed its progress deadline of 600 s"), "{}", verdict.analysis);
    assert!(verdict.root_cause.contains("cannot pull its image"), "{}", verdict.root_cause);
}

#[tokio::test]
async fn every_claim_cites_an_exhibit_of_the_case_and_every_quote_stands_there() {
    for scene in [scene::null_pointer(), scene::panic(), scene::missing_key(), scene::refused()] {
        let verdict = scene.verdict().await;
        assert!(verdict.claims.iter().any(|claim| claim.quote.is_some()));
        for claim in verdict.claims.iter().chain(&verdict.ruled_out) {
            assert!(scene.case.exhibit(claim.exhibit).is_some(), "{claim:?}");
        }
    }
}

#[tokio::test]
async fn a_replica_set_that_cannot_make_pods_is_told_without_a_container() {
    let mut scene = scene::image_pull();
    scene.brief.changes.clear();
    scene.brief.pods[0].problem = PodProblem::Unschedulable;
    scene.brief.pods[0].container.clear();
    scene.brief.pods[0].detail = "exceeded quota: compute".to_owned();
    let verdict = finds(scene, Category::Infrastructure, 60).await;
    assert_eq!(verdict.root_cause, "A pod cannot be created or scheduled: `exceeded quota: compute`.");
    assert_eq!(verdict.headline, "The canary's pod cannot be created or scheduled (2 pods)");
}

#[tokio::test]
async fn a_variable_that_went_away_is_shown_by_its_value_and_not_by_its_name() {
    let mut scene = scene::missing_key();
    let value = scene.brief.changes.remove(0);
    let scene = scene.change("containers[users].env[PAYMENT_URL].name", "\"PAYMENT_URL\"", "");
    let scene = scene.change(&value.path, &value.stable, &value.canary);
    let verdict = finds(scene, Category::Configuration, 65).await;
    assert!(
        verdict.root_cause.contains("lacks `containers[users].env[PAYMENT_URL].value`"),
        "{}",
        verdict.root_cause
    );
}

#[tokio::test]
async fn why_the_range_is_unknown_is_said_once() {
    let mut scene = scene::unknown();
    scene.case.missing =
        vec![Missing { what: "the commit of stable".to_owned(), why: "no tag v1.0.0".to_owned() }];
    scene.brief.range = RangeFinding::Unknown { why: "the commit of stable: no tag v1.0.0".to_owned() };
    scene.brief.left_out = vec!["the commit of stable: no tag v1.0.0".to_owned()];
    let verdict = scene.verdict().await;
    assert_eq!(verdict.analysis.matches("no tag v1.0.0").count(), 1, "{}", verdict.analysis);
}

#[tokio::test]
async fn a_rare_error_is_no_lead_where_the_digest_sees_no_trouble() {
    let mut scene = scene::null_pointer();
    scene.brief.metrics.clear();
    scene.brief.traces[0].novelty = Novelty::Unknown;
    scene.brief.standing = Standing::Clean;
    scene.case.header.troubles = vec![Trouble::AbortedByHand];
    let verdict = finds(scene, Category::Unknown, 20).await;
    assert!(verdict.root_cause.starts_with("A person aborted"), "{}", verdict.root_cause);
}

#[tokio::test]
async fn commits_are_ruled_out_only_where_all_that_a_frame_points_at_are_known() {
    let mut scene = scene::null_pointer();
    assert!(
        scene
            .verdict()
            .await
            .ruled_out
            .iter()
            .any(|claim| claim.text.starts_with("3 of the other 4 commits"))
    );
    scene.suspects().truncate(2);
    assert!(scene.verdict().await.ruled_out.iter().all(|claim| !claim.text.contains("commits")));
}

#[tokio::test]
async fn a_trace_without_a_frame_of_its_own_is_unknown_unless_the_container_ended_with_it() {
    let mut scene = scene::null_pointer();
    scene.brief.traces[0].frames.remove(0);
    let verdict = finds(scene.clone(), Category::Unknown, 30).await;
    assert!(
        verdict.root_cause.contains("No frame of the trace is the service's own"),
        "{}",
        verdict.root_cause
    );
    finds(scene.pod(PodProblem::Exited, "Error, exit code 1"), Category::Code, 30).await;
}

#[tokio::test]
async fn a_sidecar_that_ends_is_not_blamed_on_the_services_code() {
    let mut scene = scene::out_of_memory().only_candidate();
    scene.brief.pods[0].role = ContainerRole::Sidecar;
    scene.brief.pods[0].container = "proxy".to_owned();
    let verdict = scene.verdict().await;
    assert_eq!(verdict.category, Category::Unknown);
    assert!(verdict.headline.starts_with("The canary's sidecar proxy was killed"), "{}", verdict.headline);
    assert!(matches!(scene.handoff().await, Err(NoHandoff::Unknown)));
}

#[tokio::test]
async fn a_container_that_ends_without_a_word_is_unknown_and_a_changed_template_is_named() {
    let mut scene = scene::out_of_memory();
    scene.brief.pods[0].problem = PodProblem::Exited;
    finds(scene.clone(), Category::Unknown, 30).await;
    let changed = scene.change("containers[users].command", "[\"run\"]", "[\"rum\"]");
    finds(changed, Category::Configuration, 45).await;
}
