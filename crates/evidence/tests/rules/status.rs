//! Trouble by status, and by logs.

use domain::ports::{Digest, LogSuspicion};
use domain::*;
use rollmend_evidence::Evidence;

use crate::scene::*;

fn troubles(observation: &Observation) -> Vec<Trouble> {
    Evidence::default().troubles(observation)
}

fn of_pod(pod: Pod) -> Vec<Trouble> {
    troubles(&Observation { pods: vec![pod], ..observation() })
}

fn of_run(run: AnalysisRun) -> Vec<Trouble> {
    troubles(&Observation { runs: vec![run], ..observation() })
}

fn words(text: &str) -> String {
    text.to_owned()
}

fn exited(exit_code: i32) -> Trouble {
    Trouble::Exited {
        pod: "shop-86686d4656-a".parse().unwrap(),
        container: "shop".parse().unwrap(),
        exit_code,
    }
}

fn not_ready(reason: &str) -> Trouble {
    Trouble::NotReady { pod: "shop-86686d4656-a".parse().unwrap(), reason: reason.into() }
}

#[test]
fn a_healthy_canary_is_no_trouble() {
    assert_eq!(troubles(&observation()), []);
}

#[test]
fn a_deciding_metric_that_failed_or_went_over_its_error_limit_is_trouble() {
    use AnalysisPhase::{Error, Failed, Running, Successful};
    let metrics =
        vec![metric("a", Failed), metric("b", Error), metric("c", Running), metric("d", Successful)];
    assert_eq!(
        of_run(run(Failed, metrics)),
        [
            Trouble::MetricFailed {
                metric: "a".parse().unwrap(),
                message: words("Metric a assessed Failed")
            },
            Trouble::MetricErrored {
                metric: "b".parse().unwrap(),
                message: words("Metric b assessed Error")
            },
        ]
    );
}

#[test]
fn metrics_under_dry_run_do_not_count() {
    let dry = Metric { standing: MetricStanding::DryRun, ..metric("a", AnalysisPhase::Failed) };
    assert_eq!(of_run(run(AnalysisPhase::Successful, vec![dry])), []);
}

#[test]
fn a_metric_that_this_daemon_answers_is_no_evidence() {
    let url = "http://rollmend:8080/v1/verdict/shop/shop".to_owned();
    let web = Metric { provider: Provider::Web { url }, ..metric("web", AnalysisPhase::Failed) };
    assert_eq!(of_run(run(AnalysisPhase::Failed, vec![ours(AnalysisPhase::Failed), web])), []);
}

#[test]
fn a_run_that_ended_only_by_our_own_errors_says_that_the_gate_could_not_answer() {
    let message = "Rollout aborted update to revision 2: Metric \"ai\" assessed Error";
    let mut seen = observation();
    seen.rollout.abort = Some(abort(message));
    seen.runs = vec![run(AnalysisPhase::Error, vec![ours(AnalysisPhase::Error)])];
    assert_eq!(troubles(&seen), [Trouble::GateCouldNotAnswer { message: words(message) }]);
    seen.runs[0].metrics.push(metric("a", AnalysisPhase::Failed));
    assert_eq!(
        troubles(&seen),
        [
            Trouble::MetricFailed {
                metric: "a".parse().unwrap(),
                message: words("Metric a assessed Failed")
            },
            Trouble::Aborted { message: words(message) },
        ]
    );
}

#[test]
fn an_abort_that_our_own_no_brought_about_is_an_abort_like_any_other() {
    let message = "Rollout aborted update to revision 2: Metric \"ai\" assessed Failed";
    let mut seen = observation();
    seen.rollout.abort = Some(abort(message));
    seen.runs = vec![run(AnalysisPhase::Failed, vec![ours(AnalysisPhase::Failed)])];
    assert_eq!(troubles(&seen), [Trouble::Aborted { message: words(message) }]);
}

#[test]
fn an_abort_by_hand_is_told_as_such() {
    let mut seen = observation();
    seen.rollout.abort = Some(abort("Rollout aborted update to revision 2"));
    assert_eq!(troubles(&seen), [Trouble::AbortedByHand]);
}

#[test]
fn a_missed_progress_deadline_is_trouble() {
    let condition = |reason: &str| Condition {
        status: "False".into(),
        reason: reason.into(),
        message: "timed out".into(),
        at: Some(at(55)),
    };
    let mut seen = observation();
    seen.rollout.progressing = Some(condition("ProgressDeadlineExceeded"));
    assert_eq!(troubles(&seen), [Trouble::ProgressDeadlineExceeded { message: words("timed out") }]);
    seen.rollout.progressing = Some(condition("RolloutPaused"));
    assert_eq!(troubles(&seen), []);
}

#[test]
fn an_abort_for_a_missed_deadline_is_a_missed_deadline() {
    let message =
        "Rollout aborted update to revision 2: ReplicaSet \"shop-86686d4656\" has timed out progressing.";
    let mut seen = observation();
    seen.rollout.abort = Some(abort(message));
    assert_eq!(troubles(&seen), [Trouble::ProgressDeadlineExceeded { message: words(message) }]);
}

#[test]
fn an_inconclusive_analysis_is_told_once() {
    let expected = [Trouble::Inconclusive { message: words("the run's words") }];
    let inconclusive = run(AnalysisPhase::Inconclusive, vec![metric("a", AnalysisPhase::Inconclusive)]);
    assert_eq!(of_run(inconclusive), expected);
    let mut seen = observation();
    seen.rollout.pause_reasons.insert("InconclusiveAnalysisRun".into());
    seen.rollout.message = words("paused");
    assert_eq!(troubles(&seen), [Trouble::Inconclusive { message: words("paused") }]);
}

#[test]
fn the_apps_own_container_counts_when_it_was_oom_killed_exited_or_was_restarted() {
    let (pod, container) = ("shop-86686d4656-a".parse().unwrap(), "shop".parse().unwrap());
    let name = "shop-86686d4656-a";
    assert_eq!(of_pod(restarted(name, ended(137, "OOMKilled"))), [Trouble::OomKilled { pod, container }]);
    assert_eq!(of_pod(restarted(name, ended(101, "Error"))), [exited(101)]);
    let mut now = crate::scene::pod(name);
    now.containers[0].state = ContainerState::Terminated(ended(1, "Error"));
    assert_eq!(of_pod(now), [exited(1)]);
    let (pod, container) = ("shop-86686d4656-a".parse().unwrap(), "shop".parse().unwrap());
    let restart = Trouble::Restarted { pod, container, restarts: 1 };
    assert_eq!(of_pod(restarted(name, ended(0, "Completed"))), [restart]);
}

#[test]
fn init_and_sidecar_containers_that_end_are_no_trouble_of_the_app() {
    for role in [ContainerRole::Init, ContainerRole::Sidecar] {
        let mut pod = restarted("shop-86686d4656-a", ended(1, "Error"));
        pod.containers[0].role = role;
        assert_eq!(of_pod(pod), []);
    }
}

#[test]
fn what_happens_to_a_pod_that_is_deleted_or_evicted_is_no_trouble() {
    let crashed = || restarted("shop-86686d4656-a", ended(137, "Error"));
    assert_eq!(of_pod(Pod { presence: Presence::Leaving, ..crashed() }), []);
    assert_eq!(of_pod(Pod { reason: "Evicted".into(), phase: "Failed".into(), ..crashed() }), []);
}

#[test]
fn the_pods_of_another_hash_are_not_the_canarys() {
    let mut pod = restarted("shop-678dd648d6-a", ended(1, "Error"));
    pod.hash = "678dd648d6".parse().unwrap();
    assert_eq!(of_pod(pod), []);
}

#[test]
fn a_pod_that_is_not_ready_is_trouble_only_past_its_deadline() {
    let pod = || Pod { readiness: Readiness::NotReady, ..pod("shop-86686d4656-a") };
    let seen = |at| troubles(&Observation { pods: vec![pod()], at, ..observation() });
    assert_eq!(seen(at(600)), []);
    assert_eq!(seen(at(602)), [not_ready("")]);
}

#[test]
fn what_cannot_heal_by_itself_is_trouble_after_a_short_grace() {
    for reason in ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError"] {
        let pod = || waiting("shop-86686d4656-a", reason, "");
        let seen = |at| troubles(&Observation { pods: vec![pod()], at, ..observation() });
        assert_eq!(seen(at(31)), [], "{reason}");
        assert_eq!(seen(at(32)), [not_ready(reason)]);
    }
    let creating = waiting("shop-86686d4656-a", "ContainerCreating", "");
    assert_eq!(of_pod(creating), []);
}

#[test]
fn only_evidence_of_the_attempt_counts() {
    let early = start() - chrono::TimeDelta::seconds(5);
    let mut seen = observation();
    seen.runs = vec![AnalysisRun {
        created_at: early,
        ..run(AnalysisPhase::Failed, vec![metric("a", AnalysisPhase::Failed)])
    }];
    seen.rollout.abort =
        Some(Abort { at: Some(early), message: words("Rollout aborted update to revision 2: x") });
    let mut pod =
        restarted("shop-86686d4656-a", Termination { finished_at: Some(early), ..ended(1, "Error") });
    pod.created_at = early;
    seen.pods = vec![pod];
    assert_eq!(troubles(&seen), []);
}

#[test]
fn only_as_many_error_lines_or_traces_of_the_app_as_could_count_give_reason_to_read_stable() {
    let evidence = Evidence::default();
    let said = |lines: &[&str]| evidence.suspicion(&[log(Side::Canary, "shop-86686d4656-a", lines)]);
    assert_eq!(said(&["INFO a new line", "WARN careful"]), LogSuspicion::None);
    assert_eq!(said(&["INFO x", "ERROR no name", "ERROR no name"]), LogSuspicion::None);
    assert_eq!(said(&["INFO x", "ERROR no name", "ERROR no name", "ERROR no key"]), LogSuspicion::ReadStable);
    let panic = ["thread 'main' panicked at src/a.rs:42:9:", "no name", "INFO x"];
    assert_eq!(said(&panic.repeat(2)), LogSuspicion::None);
    assert_eq!(said(&panic.repeat(3)), LogSuspicion::ReadStable);
    let sidecar = LogExcerpt {
        role: ContainerRole::Sidecar,
        ..log(Side::Canary, "shop-86686d4656-a", ["ERROR no upstream"; 3])
    };
    assert_eq!(evidence.suspicion(&[sidecar]), LogSuspicion::None);
}

#[test]
fn log_errors_are_trouble_only_significantly_above_stable() {
    let evidence = Evidence::default();
    let canary = |errors: usize| {
        let errors = (0..errors).map(|n| format!("ERROR shop.Router - GET /users/{n} failed"));
        [log(Side::Canary, "shop-86686d4656-a", quiet(200).into_iter().chain(errors))]
    };
    let stable = |errors: usize| {
        let errors = (0..errors).map(|n| format!("ERROR shop.Router - GET /users/{n} failed"));
        [log(Side::Stable, "shop-678dd648d6-a", quiet(400).into_iter().chain(errors))]
    };
    assert_eq!(evidence.log_troubles(&canary(2), &stable(0)), []);
    assert_eq!(evidence.log_troubles(&canary(20), &stable(40)), []);
    assert_eq!(evidence.log_troubles(&canary(20), &[]), []);
    let found = evidence.log_troubles(&canary(20), &stable(1));
    let [Trouble::LogErrors { template, canary: 20, stable: 1 }] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(template.len(), 8);
}

#[test]
fn a_new_info_line_is_no_trouble_however_often_it_is_said() {
    let canary = [log(Side::Canary, "shop-86686d4656-a", std::iter::repeat_n("INFO a new line", 500))];
    let stable = [log(Side::Stable, "shop-678dd648d6-a", quiet(500))];
    assert_eq!(Evidence::default().log_troubles(&canary, &stable), []);
}

#[test]
fn a_new_trace_is_trouble_under_an_id_of_its_own() {
    let lines = std::iter::repeat_n("java.lang.IllegalStateException: x\n\tat shop.A.f(A.java:7)", 20);
    let canary = [log(Side::Canary, "shop-86686d4656-a", lines)];
    let stable = [log(Side::Stable, "shop-678dd648d6-a", quiet(50))];
    let found = Evidence::default().log_troubles(&canary, &stable);
    assert!(
        matches!(found.as_slice(), [Trouble::LogErrors { template, canary: 20, stable: 0 }] if template.starts_with("trace-")),
        "{found:?}"
    );
}
