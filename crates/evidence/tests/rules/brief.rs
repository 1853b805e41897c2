//! The digest of a case.

use domain::*;
use serde_json::json;

use crate::scene::*;

#[test]
fn a_new_trace_is_counted_quoted_and_read_down_to_the_services_own_frame() {
    let brief = Scene::throws().brief();
    assert_eq!(brief.standing, Standing::Trouble);
    let [trace] = brief.traces.as_slice() else { panic!("{:?}", brief.traces) };
    assert_eq!((trace.canary, trace.stable, trace.novelty), (20, 0, Novelty::New));
    assert_eq!(trace.error, "java.lang.NullPointerException");
    assert_eq!(trace.quote, "java.lang.NullPointerException: name is null");
    let own = trace.own_frame().unwrap();
    assert_eq!((own.file.as_str(), own.line), ("shop/users/UserResource.java", Some(42)));
    let [template] = brief.templates.as_slice() else { panic!("{:?}", brief.templates) };
    assert_eq!(template.pattern, "ERROR shop.Router - GET /users/<*> failed");
    assert_eq!((template.canary, template.class, template.novelty), (20, TemplateClass::Error, Novelty::New));
}

#[test]
fn every_quote_stands_in_its_exhibit_exactly_so() {
    let scene = Scene::canary_says([
        JAVA_TRACE,
        "\u{1b}[31mERROR\u{1b}[0m no profile for user alice",
        r#"{"level":"error","msg":"no profile","stack":"shop.AException: a\n\tat shop.A.f(A.java:7)"}"#,
        "Traceback (most recent call last):\n  File \"/app/shop/x.py\", line 3, in f\nKeyError: 'name'",
        "thread 'main' panicked at src/a.rs:42:9:\nno name",
        &format!("ERROR {}", "ä ".repeat(9_000)),
    ]);
    let brief = scene.brief();
    let quotes: Vec<(ExhibitId, &str)> = brief
        .traces
        .iter()
        .map(|t| (t.exhibit, t.quote.as_str()))
        .chain(brief.templates.iter().map(|t| (t.exhibit, t.quote.as_str())))
        .collect();
    assert_eq!((brief.traces.len(), brief.templates.len()), (4, 4));
    for (exhibit, quote) in quotes {
        let ExhibitBody::Log { log } = &scene.case.exhibit(exhibit).unwrap().body else {
            panic!("{exhibit}")
        };
        assert!(!quote.is_empty() && log.head.contains(quote), "{quote}");
    }
}

#[test]
fn the_class_of_trouble_is_told_also_when_only_a_trace_has_the_words() {
    let brief = Scene::canary_says(std::iter::repeat_n(
        "java.net.ConnectException: Connection refused\n\tat java.base/sun.nio.ch.Net.connect(Net.java:5)",
        20,
    ))
    .brief();
    assert_eq!(brief.templates[0].class, TemplateClass::ConnectionRefused);
    assert_eq!(brief.traces[0].canary, 20);
}

#[test]
fn only_the_apps_containers_are_read_and_dropped_lines_are_counted() {
    let of = |role, container: &str| LogExcerpt {
        role,
        container: container.parse().unwrap(),
        dropped: Dropped { lines: 1_000, bytes: 9 },
        ..log(Side::Canary, "shop-86686d4656-a", std::iter::repeat_n("ERROR x", 50))
    };
    let brief = Scene::healthy()
        .log(of(ContainerRole::Init, "migrate"))
        .log(of(ContainerRole::Sidecar, "proxy"))
        .log(of(ContainerRole::App, "shop"))
        .brief();
    assert_eq!(
        brief.volume,
        Volume {
            canary_lines: 1_250,
            stable_lines: 400,
            canary_pods: 1,
            stable_pods: 2,
            dropped_lines: 1_000
        }
    );
    assert_eq!(brief.templates[0].canary, 50);
    assert!(brief.left_out.contains(&"1,000 canary log lines that limits dropped".to_owned()));
}

#[test]
fn lines_of_an_earlier_attempt_are_passed_over() {
    let mut early = log(Side::Canary, "shop-86686d4656-a", std::iter::repeat_n(JAVA_TRACE, 50));
    early.head = early.head.replace("2026-11-24T02:30:20", "2026-11-24T02:29:20");
    let brief = Scene::healthy().log(early).brief();
    assert_eq!((brief.standing, brief.volume.canary_lines), (Standing::Clean, 200));
    assert_eq!((brief.traces, brief.templates), (Vec::new(), Vec::new()));
}

#[test]
fn a_failed_metric_is_told_with_its_values_on_both_sides() {
    let mut failed = metric("error-rate", AnalysisPhase::Failed);
    failed.measurements = vec![
        measured(AnalysisPhase::Successful, "[0.01]", ""),
        measured(AnalysisPhase::Failed, "[0.19]", ""),
    ];
    let brief = Scene::bare()
        .with(ExhibitBody::AnalysisRun { run: run(AnalysisPhase::Failed, vec![failed]) })
        .series("error-rate", Side::Canary, &["0.01", "0.18"])
        .series("error-rate", Side::Stable, &["0.00", "0.001"])
        .brief();
    let exhibit = |number: u32| ExhibitId(number.try_into().unwrap());
    assert_eq!(
        brief.metrics,
        [MetricFinding {
            exhibit: exhibit(2),
            metric: "error-rate".parse().unwrap(),
            problem: MetricProblem::Failed,
            condition: "result[0] < 0.05".into(),
            canary: Some("0.19".into()),
            stable: Some("0.001".into()),
            series: vec![exhibit(3), exhibit(4)],
            message: "Metric error-rate assessed Failed".into(),
        }]
    );
}

#[test]
fn a_query_without_data_and_a_value_that_is_no_number_are_recognised() {
    let problem = |phase, value: &str, message: &str| {
        let mut odd = metric("m", phase);
        odd.measurements = vec![measured(phase, value, message)];
        let brief = Scene::bare().with(ExhibitBody::AnalysisRun { run: run(phase, vec![odd]) }).brief();
        brief.metrics[0].problem
    };
    assert_eq!(
        problem(AnalysisPhase::Error, "[]", "reflect: slice index out of range"),
        MetricProblem::NoData
    );
    assert_eq!(
        problem(AnalysisPhase::Error, "", "index out of range: 0 (array length is 0) (1:7)"),
        MetricProblem::NoData
    );
    let empty = "could not evaluate successCondition \"result[0] < 0.05\": metric result is nil or empty: no data returned \
                 from the metric provider";
    assert_eq!(problem(AnalysisPhase::Error, "", empty), MetricProblem::NoData);
    assert_eq!(problem(AnalysisPhase::Failed, "[]", ""), MetricProblem::NoData);
    assert_eq!(problem(AnalysisPhase::Failed, "[NaN]", ""), MetricProblem::NotANumber);
    assert_eq!(problem(AnalysisPhase::Inconclusive, "NaN", ""), MetricProblem::NotANumber);
    assert_eq!(problem(AnalysisPhase::Error, "", "dial tcp: connection refused"), MetricProblem::Errored);
    assert_eq!(problem(AnalysisPhase::Failed, "[0.19]", ""), MetricProblem::Failed);
}

fn problems(scene: &Scene) -> Vec<(PodProblem, String, u32)> {
    scene.brief().pods.into_iter().map(|p| (p.problem, p.detail, p.canary_pods)).collect()
}

#[test]
fn a_container_that_ends_well_and_is_restarted_all_the_same_is_in_a_loop() {
    let pod = restarted("shop-86686d4656-a", ended(0, "Completed"));
    assert_eq!(
        problems(&Scene::healthy().canary_pods(vec![pod])),
        [(PodProblem::CrashLoop, "Completed, exit code 0, restarted once".into(), 1)]
    );
}

#[test]
fn stable_pods_that_come_and_go_are_no_trouble_of_both() {
    let going = Pod {
        readiness: Readiness::NotReady,
        presence: Presence::Leaving,
        ..stable_pod("shop-678dd648d6-c")
    };
    let starting = Pod { readiness: Readiness::NotReady, ..stable_pod("shop-678dd648d6-d") };
    let canary = Pod { readiness: Readiness::NotReady, ..pod("shop-86686d4656-a") };
    let scene = Scene::healthy()
        .canary_pods(vec![canary])
        .with(ExhibitBody::Pods { side: Side::Stable, pods: vec![going, starting] })
        .trouble(Trouble::ProgressDeadlineExceeded { message: String::new() });
    let brief = scene.brief();
    assert_eq!((brief.standing, brief.pods[0].stable_pods), (Standing::Trouble, 0));
}

fn event(about: &str, reason: &str, message: &str) -> ExhibitBody {
    ExhibitBody::Events {
        events: vec![ClusterEvent {
            about: about.into(),
            kind: "Warning".into(),
            reason: reason.into(),
            message: message.into(),
            count: 3,
            at: Some(at(40)),
        }],
    }
}

#[test]
fn kubernetes_own_names_for_trouble_are_recognised() {
    let name = "shop-86686d4656-a";
    let of = |pod: Pod| problems(&Scene::healthy().canary_pods(vec![pod]));
    assert_eq!(
        of(restarted(name, ended(137, "OOMKilled"))),
        [(PodProblem::OomKilled, "OOMKilled, exit code 137, restarted once".into(), 1)]
    );
    let mut looping = waiting(name, "CrashLoopBackOff", "back-off");
    looping.containers[0].restarts = 4;
    looping.containers[0].last_termination = Some(ended(101, "Error"));
    assert_eq!(of(looping), [(PodProblem::CrashLoop, "Error, exit code 101, restarted 4 times".into(), 1)]);
    assert_eq!(
        of(waiting(name, "ImagePullBackOff", "no such image")),
        [(PodProblem::ImagePull, "ImagePullBackOff: no such image".into(), 1)]
    );
    assert_eq!(
        of(waiting(name, "CreateContainerConfigError", "couldn't find key URL in ConfigMap shop/shop")),
        [(
            PodProblem::MissingConfiguration,
            "CreateContainerConfigError: couldn't find key URL in ConfigMap shop/shop".into(),
            1
        )]
    );
}

#[test]
fn what_keeps_pods_from_ready_is_looked_for_in_the_events_once_they_are_overdue() {
    let about = "Pod/shop-86686d4656-a";
    let pod = || Pod { readiness: Readiness::NotReady, ..pod("shop-86686d4656-a") };
    let scene = |reason: &str, message: &str| {
        let mut scene = Scene::healthy().canary_pods(vec![pod()]).with(event(about, reason, message));
        scene.case.header.frozen_at = at(700);
        scene
    };
    for (reason, message, problem) in [
        (
            "Unhealthy",
            "Readiness probe failed: HTTP probe failed with statuscode: 503",
            PodProblem::ProbeFailing,
        ),
        ("FailedScheduling", "0/3 nodes are available: 3 Insufficient memory.", PodProblem::Unschedulable),
        (
            "FailedMount",
            "MountVolume.SetUp failed: configmap \"shop\" not found",
            PodProblem::MissingConfiguration,
        ),
    ] {
        assert_eq!(problems(&scene(reason, message)), [(problem, message.to_owned(), 1)]);
    }
    let mut early = scene("Unhealthy", "Readiness probe failed");
    early.case.header.frozen_at = at(60);
    assert_eq!(problems(&early), []);
    early.case.header.troubles = vec![Trouble::ProgressDeadlineExceeded { message: String::new() }];
    assert_eq!(problems(&early), [(PodProblem::ProbeFailing, "Readiness probe failed".into(), 1)]);
}

#[test]
fn a_container_that_its_liveness_probe_killed_did_not_crash() {
    let scene = Scene::healthy()
        .canary_pods(vec![restarted("shop-86686d4656-a", ended(137, "Error"))])
        .with(event("Pod/shop-86686d4656-a", "Unhealthy", "Liveness probe failed: timeout"));
    assert_eq!(problems(&scene), [(PodProblem::ProbeFailing, "Liveness probe failed: timeout".into(), 1)]);
}

#[test]
fn pods_that_cannot_be_made_at_all_are_told() {
    let scene = Scene::healthy().with(event("ReplicaSet/shop-86686d4656", "FailedCreate", "exceeded quota"));
    assert_eq!(problems(&scene), [(PodProblem::Unschedulable, "exceeded quota".into(), 1)]);
}

#[test]
fn how_the_deletion_ended_a_container_says_nothing_but_what_was_before_stays() {
    let leaving = |pod: Pod| Pod { presence: Presence::Leaving, readiness: Readiness::NotReady, ..pod };
    let mut killed = pod("shop-86686d4656-a");
    killed.containers[0].state = ContainerState::Terminated(ended(143, "Error"));
    assert_eq!(problems(&Scene::healthy().canary_pods(vec![leaving(killed)])), []);
    let crashed = leaving(restarted("shop-86686d4656-a", ended(101, "Error")));
    assert_eq!(
        problems(&Scene::healthy().canary_pods(vec![crashed])),
        [(PodProblem::Exited, "Error, exit code 101, restarted once".into(), 1)]
    );
}

#[test]
fn the_difference_of_the_templates_is_told() {
    let replica_set = |hash: &str, image: &str| {
        let template = json!({"metadata": {"labels": {"rollouts-pod-template-hash": hash}},
            "spec": {"containers": [{"name": "shop", "image": image}]}});
        Some(ReplicaSet { hash: hash.parse().unwrap(), revision: None, source_revision: None, template })
    };
    let brief = Scene::healthy()
        .with(ExhibitBody::Templates {
            stable: replica_set("678dd648d6", "shop:1.0.0"),
            canary: replica_set("86686d4656", "shop:1.1.0"),
        })
        .brief();
    let changes: Vec<_> =
        brief.changes.iter().map(|c| (c.path.as_str(), c.stable.as_str(), c.canary.as_str())).collect();
    assert_eq!(changes, [("containers[shop].image", "\"shop:1.0.0\"", "\"shop:1.1.0\"")]);
}

#[test]
fn the_fingerprint_names_kinds_and_no_counts() {
    let scene = Scene::throws()
        .with(ExhibitBody::AnalysisRun {
            run: run(AnalysisPhase::Failed, vec![metric("error-rate", AnalysisPhase::Failed)]),
        })
        .canary_pods(vec![restarted("shop-86686d4656-a", ended(137, "OOMKilled"))])
        .range(commits(Vec::new()));
    let brief = scene.brief();
    let kinds: Vec<&str> = brief.fingerprint.0.iter().map(String::as_str).collect();
    let template = format!("template {} error", brief.templates[0].id);
    assert_eq!(
        kinds[..3],
        ["metric error-rate failed", "pod shop oom-killed", "range 000000000000..ffffffffffff"]
    );
    assert_eq!(kinds[3], template);
    assert!(kinds[4].starts_with("trace ") && kinds.len() == 5, "{kinds:?}");
}

#[test]
fn a_hostile_case_fits_the_budget_and_says_what_was_left_out() {
    let letters = |n: usize| {
        let digits: Vec<char> =
            format!("{n:05}").chars().map(|d| char::from(b'a' + d as u8 - b'0')).collect();
        digits.iter().collect::<String>()
    };
    let lines = (0..400).map(|n| format!("ERROR {} \u{1}\"\\ {}", letters(n), "\u{2028}x\" ".repeat(80)));
    let mut scene = Scene::canary_says(lines);
    let metrics = (0..100)
        .map(|n| Metric { message: "\"\\".repeat(400), ..metric(&format!("m{n}"), AnalysisPhase::Failed) })
        .collect();
    scene = scene.with(ExhibitBody::AnalysisRun { run: run(AnalysisPhase::Failed, metrics) });
    let many = (0..500).map(|_| {
        commit(
            'a',
            &"s\"".repeat(400),
            (0..99).map(|n| file(&format!("src/{n}{}", "\"x".repeat(200)), &[(1, 2)])).collect(),
        )
    });
    scene = scene.range(commits(many.collect()));
    scene.case.missing =
        (0..400).map(|_| Missing { what: "\"".repeat(300), why: "\"".repeat(300) }).collect();
    let brief = scene.brief();
    let size = serde_json::to_vec(&brief).unwrap().len();
    assert!(size <= 16_000, "{size}");
    assert!(!brief.templates.is_empty() && !brief.metrics.is_empty());
    let said = brief.left_out.last().unwrap();
    assert!(said.starts_with("for size: ") && said.contains("log templates"), "{said}");
}

#[test]
fn what_the_rollout_said_while_a_version_was_current_names_that_version() {
    use domain::ports::Digest;
    let template = json!({"spec": {"containers": [{"name": "shop", "image": "shop:1.0.0"}]}});
    let stable = ReplicaSet {
        hash: "678dd648d6".parse().unwrap(),
        revision: None,
        source_revision: Some("4f2c9d1".into()),
        template,
    };
    let found = rollmend_evidence::Evidence::default().revisions(&rollout(), &stable);
    let named: Vec<&str> = found.iter().map(|revision| revision.named.as_str()).collect();
    assert_eq!(named, ["4f2c9d1", "1.0.0"]);
}

#[test]
fn revisions_are_named_best_first_and_a_digest_says_that_it_names_no_commit() {
    use domain::ports::Digest;
    let of = |metadata: serde_json::Value, image: &str| -> Vec<(String, String)> {
        let template = json!({"metadata": metadata, "spec": {"containers": [
            {"name": "istio-proxy", "image": "proxy:9"}, {"name": "shop", "image": image}]}});
        let canary = ReplicaSet {
            hash: "86686d4656".parse().unwrap(),
            revision: None,
            source_revision: None,
            template,
        };
        let found = rollmend_evidence::Evidence::default().revisions(&rollout(), &canary);
        found.into_iter().map(|r| (r.named, r.source)).collect()
    };
    let pair = |named: &str, source: &str| (named.to_owned(), source.to_owned());
    assert_eq!(
        of(
            json!({"annotations": {"org.opencontainers.image.revision": "4f2c9d1"},
                   "labels": {"app.kubernetes.io/version": "1.1.0"}}),
            "registry:5000/acme/shop:main-4f2c9d1a@sha256:aa"
        ),
        [
            pair("4f2c9d1", "annotation org.opencontainers.image.revision"),
            pair("1.1.0", "label app.kubernetes.io/version"),
            pair("main-4f2c9d1a", "image tag"),
            pair("4f2c9d1a", "the last part of the image tag"),
        ]
    );
    assert_eq!(
        of(json!({}), "registry:5000/acme/shop@sha256:aa"),
        [pair("sha256:aa", "image digest, which names no commit")]
    );
    assert_eq!(of(json!({}), "acme/shop:latest"), []);
    assert_eq!(of(json!({"labels": {"app.kubernetes.io/version": "--upload-pack=x"}}), "acme/shop"), []);
}
