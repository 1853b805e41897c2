//! Observations and cases to start from, each a healthy canary unless a test says otherwise.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ports::Digest;
use domain::*;
use rollmend_evidence::Evidence;
use serde_json::{Value, json};

/// When the attempt began.
pub(crate) fn start() -> DateTime<Utc> {
    "2026-11-24T02:30:00Z".parse().unwrap()
}

/// So many seconds into the attempt.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

/// Reads a value of the domain from its JSON.
pub(crate) fn read<T: serde::de::DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}

/// A Rollout with a canary.
pub(crate) fn rollout() -> Rollout {
    read(json!({
        "rollout": {"namespace": "shop", "name": "shop"}, "uid": "11e7bd8a", "phase": "Progressing", "message": "",
        "stable": "678dd648d6", "current": "86686d4656", "revision": 2, "abort": null, "progressing": null,
        "pause_reasons": [], "progress_deadline_seconds": 600, "annotations": {}}))
}

/// An observation a minute into the attempt.
pub(crate) fn observation() -> Observation {
    Observation {
        rollout: rollout(),
        attempt_started_at: start(),
        runs: Vec::new(),
        pods: vec![pod("shop-86686d4656-a")],
        at: at(60),
    }
}

/// The Rollout's abort in the controller's words.
pub(crate) fn abort(message: &str) -> Abort {
    Abort { at: Some(at(50)), message: message.to_owned() }
}

/// A running canary pod with one app container.
pub(crate) fn pod(name: &str) -> Pod {
    Pod {
        name: name.parse().unwrap(),
        uid: "u1".parse().unwrap(),
        hash: "86686d4656".parse().unwrap(),
        phase: "Running".into(),
        reason: String::new(),
        message: String::new(),
        readiness: Readiness::Ready,
        presence: Presence::Staying,
        created_at: at(1),
        containers: vec![container("shop", ContainerRole::App)],
    }
}

/// A running stable pod.
pub(crate) fn stable_pod(name: &str) -> Pod {
    Pod { hash: "678dd648d6".parse().unwrap(), ..pod(name) }
}

/// A running container.
pub(crate) fn container(name: &str, role: ContainerRole) -> Container {
    Container {
        name: name.parse().unwrap(),
        role,
        image: "ghcr.io/acme/shop:1.1.0".into(),
        image_id: String::new(),
        restarts: 0,
        readiness: Readiness::Ready,
        state: ContainerState::Running { since: Some(at(2)) },
        last_termination: None,
    }
}

/// How a container ended, 30 s into the attempt.
pub(crate) fn ended(exit_code: i32, reason: &str) -> Termination {
    Termination {
        exit_code,
        reason: reason.to_owned(),
        message: String::new(),
        started_at: Some(at(5)),
        finished_at: Some(at(30)),
    }
}

/// A pod whose app container was restarted after such an end.
pub(crate) fn restarted(name: &str, end: Termination) -> Pod {
    let mut pod = pod(name);
    pod.containers[0].restarts = 1;
    pod.containers[0].last_termination = Some(end);
    pod
}

/// A pod whose app container waits.
pub(crate) fn waiting(name: &str, reason: &str, message: &str) -> Pod {
    let mut pod = pod(name);
    pod.readiness = Readiness::NotReady;
    pod.phase = "Pending".into();
    pod.containers[0].readiness = Readiness::NotReady;
    pod.containers[0].state =
        ContainerState::Waiting { reason: reason.to_owned(), message: message.to_owned() };
    pod
}

/// A deciding Prometheus metric.
pub(crate) fn metric(name: &str, phase: AnalysisPhase) -> Metric {
    Metric {
        name: name.parse().unwrap(),
        provider: Provider::Prometheus { query: "q".into() },
        success_condition: "result[0] < 0.05".into(),
        failure_condition: String::new(),
        standing: MetricStanding::Deciding,
        phase,
        message: format!("Metric {name} assessed {phase:?}"),
        failed: 1,
        errors: 0,
        resolved_query: None,
        measurements: Vec::new(),
    }
}

/// The same, answered by the metric plugin.
pub(crate) fn ours(phase: AnalysisPhase) -> Metric {
    let provider = Provider::Plugin { name: "argoproj-labs/metric-ai".into(), github_url: None };
    Metric { provider, ..metric("ai", phase) }
}

/// A measurement.
pub(crate) fn measured(phase: AnalysisPhase, value: &str, message: &str) -> Measurement {
    Measurement {
        phase,
        value: value.into(),
        message: message.into(),
        started_at: None,
        finished_at: None,
        metadata: std::collections::BTreeMap::new(),
    }
}

/// A run of the canary with these metrics.
pub(crate) fn run(phase: AnalysisPhase, metrics: Vec<Metric>) -> AnalysisRun {
    let rollout = rollout();
    AnalysisRun {
        name: "shop-86686d4656-2".parse().unwrap(),
        uid: "r1".parse().unwrap(),
        rollout: rollout.rollout,
        rollout_uid: rollout.uid,
        canary: rollout.current,
        kind: "Step".into(),
        created_at: at(10),
        phase,
        message: "the run's words".into(),
        metrics,
    }
}

/// An app container's log.
pub(crate) fn log(side: Side, pod: &str, lines: impl IntoIterator<Item = impl AsRef<str>>) -> LogExcerpt {
    let mut head = String::new();
    for line in lines {
        for part in line.as_ref().lines() {
            head.push_str("2026-11-24T02:30:20.000000001Z ");
            head.push_str(part);
            head.push('\n');
        }
    }
    LogExcerpt {
        pod: pod.parse().unwrap(),
        container: "shop".parse().unwrap(),
        role: ContainerRole::App,
        side,
        which: Incarnation::Current,
        head,
        tail: String::new(),
        dropped: Dropped::default(),
    }
}

/// Ordinary lines.
pub(crate) fn quiet(number: usize) -> Vec<String> {
    (0..number).map(|n| format!("INFO  shop.Router - GET /users/{n} 200 in 5 ms")).collect()
}

/// A Java trace with its log line.
pub(crate) const JAVA_TRACE: &str = "ERROR shop.Router - GET /users/7 failed\njava.lang.NullPointerException: name is null\n\tat shop.users.UserResource.displayName(UserResource.java:42)\n\tat java.base/java.lang.Thread.run(Thread.java:1583)";

/// A file as a commit changed it.
pub(crate) fn file(path: &str, lines: &[(u32, u32)]) -> FileChange {
    FileChange {
        path: path.into(),
        lines: lines.iter().map(|(first, last)| LineRange { first: *first, last: *last }).collect(),
        added: 1,
        removed: 1,
        kind: ChangeKind::Modified,
        values: vec![],
        values_left_out: 0,
    }
}

/// A commit named by a digit.
pub(crate) fn commit(digit: char, subject: &str, files: Vec<FileChange>) -> Commit {
    Commit {
        sha: digit.to_string().repeat(40).parse().unwrap(),
        subject: subject.into(),
        author: "someone".into(),
        authored_at: start(),
        parents: 1,
        files,
        files_left_out: 0,
    }
}

/// A range stable..canary.
pub(crate) fn commits(commits: Vec<Commit>) -> CommitRange {
    CommitRange {
        stable: "0".repeat(40).parse().unwrap(),
        canary: "f".repeat(40).parse().unwrap(),
        ancestry: Ancestry::Descendant,
        commits,
        left_out: 0,
    }
}

/// A case from exhibits, numbered as they come.
pub(crate) struct Scene {
    /// The case.
    pub(crate) case: CaseFile,
}

impl Scene {
    /// Both sides' pods, quiet logs, and the Rollout.
    pub(crate) fn healthy() -> Self {
        Self::bare()
            .with(ExhibitBody::Pods { side: Side::Canary, pods: vec![pod("shop-86686d4656-a")] })
            .with(ExhibitBody::Pods {
                side: Side::Stable,
                pods: vec![stable_pod("shop-678dd648d6-a"), stable_pod("shop-678dd648d6-b")],
            })
            .log(log(Side::Canary, "shop-86686d4656-a", quiet(200)))
            .log(log(Side::Stable, "shop-678dd648d6-a", quiet(200)))
            .log(log(Side::Stable, "shop-678dd648d6-b", quiet(200)))
    }

    /// Healthy pods and stable's quiet logs; the canary's lines are given.
    pub(crate) fn canary_says(lines: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut scene = Self::healthy();
        let spoken = log(Side::Canary, "shop-86686d4656-a", lines);
        for exhibit in &mut scene.case.exhibits {
            if let ExhibitBody::Log { log } = &mut exhibit.body
                && log.side == Side::Canary
            {
                log.head.push_str(&spoken.head);
            }
        }
        scene
    }

    /// A canary that throws [`JAVA_TRACE`] often.
    pub(crate) fn throws() -> Self {
        Self::canary_says(std::iter::repeat_n(JAVA_TRACE, 20))
    }

    /// The Rollout alone.
    pub(crate) fn bare() -> Self {
        let rollout = rollout();
        let identity = IncidentIdentity {
            cluster: "c1".parse().unwrap(),
            rollout: rollout.rollout.clone(),
            uid: rollout.uid.clone(),
            canary: rollout.current.clone().unwrap(),
        };
        let header = CaseHeader {
            incident: identity.id(),
            identity,
            attempt: AttemptNumber::FIRST,
            stage: Stage::AtTrouble,
            follows: None,
            from: start(),
            frozen_at: at(60),
            troubles: Vec::new(),
            named: NamedRepository::default(),
            repository: RepositoryStanding::NotNamed,
        };
        let case = CaseFile { version: CASE_VERSION, header, exhibits: Vec::new(), missing: Vec::new() };
        Self { case }.with(ExhibitBody::Rollout { rollout })
    }

    /// One more exhibit.
    pub(crate) fn with(mut self, body: ExhibitBody) -> Self {
        let number = u32::try_from(self.case.exhibits.len() + 1).unwrap();
        let id = ExhibitId(number.try_into().unwrap());
        self.case.exhibits.push(Exhibit { id, source: format!("source {number}"), body });
        self
    }

    /// One more log.
    pub(crate) fn log(self, log: LogExcerpt) -> Self {
        self.with(ExhibitBody::Log { log })
    }

    /// Replaces the canary's pods.
    pub(crate) fn canary_pods(mut self, pods: Vec<Pod>) -> Self {
        let known = self.case.exhibits.iter_mut().find_map(|exhibit| match &mut exhibit.body {
            ExhibitBody::Pods { side: Side::Canary, pods } => Some(pods),
            _ => None,
        });
        *known.unwrap() = pods;
        self
    }

    /// One more trouble in the header.
    pub(crate) fn trouble(mut self, trouble: Trouble) -> Self {
        self.case.header.troubles.push(trouble);
        self
    }

    /// A range as exhibit.
    pub(crate) fn range(self, range: CommitRange) -> Self {
        let named = |named: &str| Revision { named: named.into(), source: "image tag".into() };
        self.with(ExhibitBody::Range { stable: named("1.0.0"), canary: named("1.1.0"), range })
    }

    /// The metric's query re-run.
    pub(crate) fn series(self, metric: &str, side: Side, values: &[&str]) -> Self {
        let points = values.iter().map(|value| Point { at: at(40), value: (*value).into() }).collect();
        self.with(ExhibitBody::Series { metric: metric.parse().unwrap(), side, query: "q".into(), points })
    }

    /// Its digest.
    pub(crate) fn brief(&self) -> Brief {
        let id = CaseFile::id_of(&self.case.to_bytes().unwrap());
        Evidence::default().brief(&self.case, &id)
    }
}
