//! The case file that every scene begins with.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use domain::*;

use crate::scene::CANARY;

fn at(second: i64) -> DateTime<Utc> {
    "2026-11-24T02:30:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::seconds(second)
}

fn rollout_ref() -> RolloutRef {
    RolloutRef { namespace: "shop".parse().unwrap(), name: "users".parse().unwrap() }
}

/// Ten exhibits: Rollout, AnalysisRun, logs, pods, templates, series and range.
pub(crate) fn case() -> CaseFile {
    let identity = IncidentIdentity {
        cluster: "eu-1".parse().unwrap(),
        rollout: rollout_ref(),
        uid: "11e7bd8a-6f90".parse().unwrap(),
        canary: "86686d4656".parse().unwrap(),
    };
    let redactor = Redactor::default();
    let mut builder = CaseBuilder::new(&redactor, None);
    builder.add("rollout", ExhibitBody::Rollout { rollout: rollout() });
    builder.add("analysis run", ExhibitBody::AnalysisRun { run: analysis_run() });
    builder.add("log canary", ExhibitBody::Log { log: log(Side::Canary) });
    builder.add("log stable", ExhibitBody::Log { log: log(Side::Stable) });
    builder.add("pods canary", ExhibitBody::Pods { side: Side::Canary, pods: vec![pod("86686d4656")] });
    builder.add("pods stable", ExhibitBody::Pods { side: Side::Stable, pods: vec![pod("678dd648d6")] });
    let set = |hash: &str| {
        Some(ReplicaSet {
            hash: hash.parse().unwrap(),
            revision: None,
            source_revision: None,
            template: serde_json::json!({}),
        })
    };
    builder.add("templates", ExhibitBody::Templates { stable: set("678dd648d6"), canary: set("86686d4656") });
    for side in [Side::Canary, Side::Stable] {
        let points = vec![Point { at: at(90), value: "0.189".to_owned() }];
        let metric = "http-errors".parse().unwrap();
        builder.add(
            format!("series {side}"),
            ExhibitBody::Series { metric, side, query: "errors".to_owned(), points },
        );
    }
    builder.add("range", range());
    let header = CaseHeader {
        incident: identity.id(),
        identity,
        attempt: AttemptNumber::FIRST,
        stage: Stage::AtEnd,
        follows: None,
        from: at(1),
        frozen_at: at(107),
        troubles: vec![
            Trouble::MetricFailed { metric: "http-errors".parse().unwrap(), message: String::new() },
            Trouble::LogErrors { template: "9f8e7d6c".to_owned(), canary: 412, stable: 0 },
        ],
        named: NamedRepository {
            annotation: Some("https://github.com/acme/shop".to_owned()),
            ..Default::default()
        },
        repository: RepositoryStanding::Allowed { repository: repository() },
    };
    builder.freeze(header, None)
}

pub(crate) fn repository() -> Repository {
    Repository {
        url: RepositoryUrl::parse("https://github.com/acme/shop").unwrap(),
        base: "main".parse().unwrap(),
        paths: vec![],
        labels: vec!["rollmend".to_owned()],
    }
}

fn rollout() -> Rollout {
    Rollout {
        rollout: rollout_ref(),
        uid: "11e7bd8a-6f90".parse().unwrap(),
        phase: "Degraded".to_owned(),
        message: String::new(),
        stable: Some("678dd648d6".parse().unwrap()),
        current: Some("86686d4656".parse().unwrap()),
        revision: Some(2),
        abort: Some(Abort { at: Some(at(98)), message: String::new() }),
        progressing: None,
        pause_reasons: BTreeSet::new(),
        progress_deadline_seconds: 600,
        annotations: BTreeMap::new(),
    }
}

fn analysis_run() -> AnalysisRun {
    let metric = |name: &str, phase: AnalysisPhase, value: &str| Metric {
        name: name.parse().unwrap(),
        provider: Provider::Prometheus { query: "errors".to_owned() },
        success_condition: "result[0] < 0.05".to_owned(),
        failure_condition: String::new(),
        standing: MetricStanding::Deciding,
        phase,
        message: String::new(),
        failed: u64::from(phase == AnalysisPhase::Failed),
        errors: 0,
        resolved_query: None,
        measurements: vec![Measurement {
            phase,
            value: value.to_owned(),
            message: String::new(),
            started_at: Some(at(97)),
            finished_at: Some(at(97)),
            metadata: BTreeMap::new(),
        }],
    };
    AnalysisRun {
        name: "users-86686d4656-2-1".parse().unwrap(),
        uid: "a1".parse().unwrap(),
        rollout: rollout_ref(),
        rollout_uid: "11e7bd8a-6f90".parse().unwrap(),
        canary: Some("86686d4656".parse().unwrap()),
        kind: "Step".to_owned(),
        created_at: at(10),
        phase: AnalysisPhase::Failed,
        message: String::new(),
        metrics: vec![
            metric("http-errors", AnalysisPhase::Failed, "[0.18899082568807338]"),
            metric("latency-p99", AnalysisPhase::Successful, "[0.043]"),
        ],
    }
}

fn log(side: Side) -> LogExcerpt {
    LogExcerpt {
        pod: "users-86686d4656-x".parse().unwrap(),
        container: "users".parse().unwrap(),
        role: ContainerRole::App,
        side,
        which: Incarnation::Current,
        head: "2026-11-24T02:30:01Z INFO started\n".to_owned(),
        tail: String::new(),
        dropped: Dropped::default(),
    }
}

fn pod(hash: &str) -> Pod {
    Pod {
        name: format!("users-{hash}-x").parse().unwrap(),
        uid: "b2".parse().unwrap(),
        hash: hash.parse().unwrap(),
        phase: "Running".to_owned(),
        reason: String::new(),
        message: String::new(),
        readiness: Readiness::Ready,
        presence: Presence::Staying,
        created_at: at(0),
        containers: vec![Container {
            name: "users".parse().unwrap(),
            role: ContainerRole::App,
            image: "registry.acme.example/users:1.1.0".to_owned(),
            image_id: String::new(),
            restarts: 0,
            readiness: Readiness::Ready,
            state: ContainerState::Running { since: Some(at(1)) },
            last_termination: None,
        }],
    }
}

fn range() -> ExhibitBody {
    let revision = |named: &str| Revision { named: named.to_owned(), source: "image tag".to_owned() };
    ExhibitBody::Range {
        stable: revision("1.0.0"),
        canary: revision("1.1.0"),
        range: CommitRange {
            stable: "a".repeat(40).parse().unwrap(),
            canary: CANARY.parse().unwrap(),
            ancestry: Ancestry::Descendant,
            commits: vec![],
            left_out: 0,
        },
    }
}
