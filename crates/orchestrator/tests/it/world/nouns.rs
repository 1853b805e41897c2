//! The things of the story: the Rollout `shop/checkout`, its canary, its failed analysis.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::{
    Abort, AllowedRepositories, AnalysisPhase, AnalysisRun, Container, ContainerRole, ContainerState,
    GateRequest, IncidentIdentity, Measurement, Metric, MetricStanding, Mode, Pod, PodHash, Presence,
    Provider, Readiness, ReplicaSet, Repository, RepositoryUrl, Rollout, RolloutRef,
};
use rollmend_orchestrator::Settings;

pub(crate) const STABLE: &str = "678dd648d6";
pub(crate) const CANARY: &str = "86686d4656";
pub(crate) const SUSPECT: &str = "4f2c9d1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub(crate) const HEAD: &str = "5555555555555555555555555555555555555555";
pub(crate) const REVERT: &str = "9999999999999999999999999999999999999999";
pub(crate) const US: &str = "rollmend[bot]";
pub(crate) const BY_ANALYSIS: &str = "Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric \"errors\" assessed Failed";
pub(crate) const BY_HAND: &str = "Rollout aborted update to revision 2";

pub(crate) fn reference() -> RolloutRef {
    RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() }
}

pub(crate) fn identity() -> IncidentIdentity {
    IncidentIdentity {
        cluster: "c1".parse().unwrap(),
        rollout: reference(),
        uid: "rollout-uid".parse().unwrap(),
        canary: hash(CANARY),
    }
}

pub(crate) fn hash(text: &str) -> PodHash {
    text.parse().unwrap()
}

pub(crate) fn repository() -> Repository {
    Repository {
        url: RepositoryUrl::parse("https://github.com/acme/shop").unwrap(),
        base: "main".parse().unwrap(),
        paths: vec![],
        labels: vec![],
    }
}

pub(crate) fn proposing() -> Settings {
    Settings {
        mode: Mode::Propose,
        allowed: AllowedRepositories::new(vec![repository()]),
        ..Settings::default()
    }
}

/// In the middle of a canary.
pub(crate) fn rollout() -> Rollout {
    Rollout {
        rollout: reference(),
        uid: "rollout-uid".parse().unwrap(),
        phase: "Progressing".to_owned(),
        message: String::new(),
        stable: Some(hash(STABLE)),
        current: Some(hash(CANARY)),
        revision: Some(2),
        abort: None,
        progressing: None,
        pause_reasons: BTreeSet::new(),
        progress_deadline_seconds: 600,
        annotations: BTreeMap::from([("repository".to_owned(), "https://github.com/acme/shop".to_owned())]),
    }
}

pub(crate) fn aborted(at: DateTime<Utc>, message: &str) -> Rollout {
    Rollout {
        phase: "Degraded".to_owned(),
        abort: Some(Abort { at: Some(at), message: message.to_owned() }),
        ..rollout()
    }
}

pub(crate) fn analysis(name: &str, created_at: DateTime<Utc>, phase: AnalysisPhase) -> AnalysisRun {
    AnalysisRun {
        name: name.parse().unwrap(),
        uid: name.replace('.', "-").parse().unwrap(),
        rollout: reference(),
        rollout_uid: "rollout-uid".parse().unwrap(),
        canary: Some(hash(CANARY)),
        kind: "Step".to_owned(),
        created_at,
        phase,
        message: String::new(),
        metrics: vec![Metric {
            name: "errors".parse().unwrap(),
            provider: Provider::Prometheus { query: format!("errors{{hash=\"{CANARY}\"}}") },
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
                value: "[0.189]".to_owned(),
                message: String::new(),
                started_at: Some(created_at),
                finished_at: Some(created_at),
                metadata: BTreeMap::new(),
            }],
        }],
    }
}

pub(crate) fn pod(name: &str, of: &str, created_at: DateTime<Utc>) -> Pod {
    Pod {
        name: name.parse().unwrap(),
        uid: format!("uid-{name}").parse().unwrap(),
        hash: hash(of),
        phase: "Running".to_owned(),
        reason: String::new(),
        message: String::new(),
        readiness: Readiness::Ready,
        presence: Presence::Staying,
        created_at,
        containers: vec![Container {
            name: "shop".parse().unwrap(),
            role: ContainerRole::App,
            image: "shop:1".to_owned(),
            image_id: String::new(),
            restarts: 0,
            readiness: Readiness::Ready,
            state: ContainerState::Running { since: Some(created_at) },
            last_termination: None,
        }],
    }
}

pub(crate) fn replica_set(of: &str) -> ReplicaSet {
    ReplicaSet {
        hash: hash(of),
        revision: None,
        source_revision: None,
        template: serde_json::json!({"spec": {}}),
    }
}

pub(crate) fn request() -> GateRequest {
    GateRequest { rollout: reference(), repository: None, extra_prompt: None }
}
