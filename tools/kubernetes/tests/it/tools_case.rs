//! A case with one exhibit of each kind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use domain::ports::CaseTools;
use domain::*;
use serde_json::{Value, json};

use crate::support::{CANARY, STABLE, rollout_ref};

pub(crate) fn at(second: i64) -> DateTime<Utc> {
    "2026-11-24T02:30:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::seconds(second)
}

/// The tool's answer.
pub(crate) async fn call(
    tools: &impl CaseTools,
    case: &Arc<CaseFile>,
    name: &str,
    given: Value,
) -> Result<ToolOutput, ToolFailure> {
    let tool = tools.tools(case).into_iter().find(|tool| tool.name() == name).unwrap();
    tool.call(given).await
}

/// What the model is told when it asked for something that is not there.
pub(crate) async fn refusal(
    tools: &impl CaseTools,
    case: &Arc<CaseFile>,
    name: &str,
    given: Value,
) -> String {
    match call(tools, case, name, given).await {
        Err(ToolFailure::Model(words)) => words,
        other => panic!("no refusal: {other:?}"),
    }
}

/// E1 Rollout, E2 AnalysisRun, E3 canary's log with a gap, E4 stable's, E5 canary's pods, E6 templates, E7 events, E8 series, E9 range.
pub(crate) fn case() -> Arc<CaseFile> {
    case_from(at(0), "11e7bd8a")
}

pub(crate) fn case_from(from: DateTime<Utc>, pod_uid: &str) -> Arc<CaseFile> {
    let redactor = Redactor::default();
    let mut builder = CaseBuilder::new(&redactor, None);
    builder.add("rollout", ExhibitBody::Rollout { rollout: rollout() });
    builder.add("analysis run shop-2", ExhibitBody::AnalysisRun { run: analysis_run() });
    builder.add("log canary/shop-c/app", ExhibitBody::Log { log: canary_log() });
    builder.add("log stable/shop-s/app", ExhibitBody::Log { log: log("shop-s", Side::Stable, "", "") });
    builder.add("pods canary", ExhibitBody::Pods { side: Side::Canary, pods: vec![pod(pod_uid)] });
    builder.add("pod templates", templates());
    builder.add("events", ExhibitBody::Events { events: events() });
    builder.add("series errors canary", series());
    builder.add("git range", range());
    builder.missing("log of shop-d", "failed to get pods/log shop-d in namespace shop: it is gone");
    Arc::new(builder.freeze(header(from), None))
}

fn header(from: DateTime<Utc>) -> CaseHeader {
    let identity = IncidentIdentity {
        cluster: "eu-1".parse().unwrap(),
        rollout: rollout_ref("shop"),
        uid: "5f0c".parse().unwrap(),
        canary: CANARY.parse().unwrap(),
    };
    CaseHeader {
        incident: identity.id(),
        identity,
        attempt: AttemptNumber::FIRST,
        stage: Stage::AtEnd,
        follows: None,
        from,
        frozen_at: at(107),
        troubles: vec![Trouble::OomKilled {
            pod: "shop-c".parse().unwrap(),
            container: "app".parse().unwrap(),
        }],
        named: NamedRepository::default(),
        repository: RepositoryStanding::NotNamed,
    }
}

fn rollout() -> Rollout {
    Rollout {
        rollout: rollout_ref("shop"),
        uid: "5f0c".parse().unwrap(),
        phase: "Degraded".to_owned(),
        message: "RolloutAborted".to_owned(),
        stable: Some(STABLE.parse().unwrap()),
        current: Some(CANARY.parse().unwrap()),
        revision: Some(2),
        abort: Some(Abort {
            at: Some(at(98)),
            message: "Rollout aborted update to revision 2: metric errors".to_owned(),
        }),
        progressing: None,
        pause_reasons: BTreeSet::new(),
        progress_deadline_seconds: 600,
        annotations: BTreeMap::from([("owner".to_owned(), "\u{202e}team\n E77 log".to_owned())]),
    }
}

fn analysis_run() -> AnalysisRun {
    let measurement = Measurement {
        phase: AnalysisPhase::Failed,
        value: "[0.19]".to_owned(),
        message: String::new(),
        started_at: Some(at(90)),
        finished_at: Some(at(91)),
        metadata: BTreeMap::new(),
    };
    let metric = Metric {
        name: "errors".parse().unwrap(),
        provider: Provider::Prometheus { query: "sum(errors)".to_owned() },
        success_condition: "result[0] < 0.05".to_owned(),
        failure_condition: String::new(),
        standing: MetricStanding::Deciding,
        phase: AnalysisPhase::Failed,
        message: String::new(),
        failed: 1,
        errors: 0,
        resolved_query: None,
        measurements: vec![measurement],
    };
    AnalysisRun {
        name: "shop-2".parse().unwrap(),
        uid: "a0".parse().unwrap(),
        rollout: rollout_ref("shop"),
        rollout_uid: "5f0c".parse().unwrap(),
        canary: Some(CANARY.parse().unwrap()),
        kind: "Step".to_owned(),
        created_at: at(5),
        phase: AnalysisPhase::Failed,
        message: "Metric \"errors\" assessed Failed".to_owned(),
        metrics: vec![metric],
    }
}

/// Lines 1 to 3 and 1,004 to 1,006; an error in each part.
fn canary_log() -> LogExcerpt {
    let line = |second: i64, text: &str| format!("{} {text}\n", at(second).to_rfc3339());
    let head = [line(1, "INFO started"), line(2, "ERROR no profile for 7"), line(3, "INFO next")].concat();
    let long = format!("ERROR {}", "y".repeat(3_000));
    let tail =
        [line(70, "INFO late"), line(71, &long), line(72, "INFO last\u{200b} \u{1b}[2Jwords")].concat();
    let mut log = log("shop-c", Side::Canary, &head, &tail);
    log.dropped = Dropped { lines: 1_000, bytes: 40_000 };
    log
}

pub(crate) fn log(pod: &str, side: Side, head: &str, tail: &str) -> LogExcerpt {
    LogExcerpt {
        pod: pod.parse().unwrap(),
        container: "app".parse().unwrap(),
        role: ContainerRole::App,
        side,
        which: Incarnation::Current,
        head: head.to_owned(),
        tail: tail.to_owned(),
        dropped: Dropped::default(),
    }
}

fn pod(uid: &str) -> Pod {
    let ended = Termination {
        exit_code: 137,
        reason: "OOMKilled".to_owned(),
        message: String::new(),
        started_at: Some(at(10)),
        finished_at: Some(at(60)),
    };
    Pod {
        name: "shop-c".parse().unwrap(),
        uid: uid.parse().unwrap(),
        hash: CANARY.parse().unwrap(),
        phase: "Running".to_owned(),
        reason: String::new(),
        message: String::new(),
        readiness: Readiness::NotReady,
        presence: Presence::Staying,
        created_at: at(1),
        containers: vec![Container {
            name: "app".parse().unwrap(),
            role: ContainerRole::App,
            image: "shop:1.1.0".to_owned(),
            image_id: String::new(),
            restarts: 1,
            readiness: Readiness::NotReady,
            state: ContainerState::Waiting {
                reason: "CrashLoopBackOff".to_owned(),
                message: "back-off 10s".to_owned(),
            },
            last_termination: Some(ended),
        }],
    }
}

fn templates() -> ExhibitBody {
    let set = |hash: &str, revision: u64, image: &str, memory: &str| {
        Some(ReplicaSet {
            hash: hash.parse().unwrap(),
            revision: Some(revision),
            source_revision: None,
            template: json!({"spec": {"containers": [
                {"name": "app", "image": image, "resources": {"limits": {"memory": memory}}},
            ]}}),
        })
    };
    ExhibitBody::Templates {
        stable: set(STABLE, 1, "shop:1.0.0", "256Mi"),
        canary: set(CANARY, 2, "shop:1.1.0", "64Mi"),
    }
}

fn events() -> Vec<ClusterEvent> {
    let event = |reason: &str, message: &str, second: i64| ClusterEvent {
        about: "Pod/shop-c".to_owned(),
        kind: "Warning".to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        count: 3,
        at: Some(at(second)),
    };
    vec![event("Unhealthy", "Readiness probe failed", 20), event("BackOff", "Back-off restarting", 61)]
}

fn series() -> ExhibitBody {
    ExhibitBody::Series {
        metric: "errors".parse().unwrap(),
        side: Side::Canary,
        query: "sum(errors)".to_owned(),
        points: vec![Point { at: at(90), value: "0.19".to_owned() }],
    }
}

fn range() -> ExhibitBody {
    let sha = |digit: &str| digit.repeat(40).parse::<CommitSha>().unwrap();
    let revision = |named: &str| Revision { named: named.to_owned(), source: "image tag".to_owned() };
    let value = ChangedValue {
        line: 7,
        own_line: 7,
        key: "limits.memory".to_owned(),
        before: Some("256Mi".to_owned()),
        after: Some("64Mi".to_owned()),
    };
    let file = FileChange {
        path: "deploy/shop.yaml".to_owned(),
        lines: vec![LineRange { first: 7, last: 7 }],
        added: 1,
        removed: 1,
        kind: ChangeKind::Modified,
        values: vec![value],
        values_left_out: 0,
    };
    let commit = Commit {
        sha: sha("b"),
        subject: "Lower the limit".to_owned(),
        author: "Ada".to_owned(),
        authored_at: at(-500),
        parents: 1,
        files: vec![file],
        files_left_out: 0,
    };
    ExhibitBody::Range {
        stable: revision("1.0.0"),
        canary: revision("1.1.0"),
        range: CommitRange {
            stable: sha("a"),
            canary: sha("b"),
            ancestry: Ancestry::Descendant,
            commits: vec![commit],
            left_out: 0,
        },
    }
}
