//! Cases with their briefs, as the digest would give them: one builder, one function for each kind of failure.

use std::collections::BTreeSet;

use domain::ports::Analyst;
use domain::workflow::{Run, State, Trigger};
use domain::*;
use rollmend_agents::RuleAnalyst;

use crate::{digest, frozen};

pub(crate) const CULPRIT: &str = "4f2c9d1a0b1c2d3e4f5061728394a5b6c7d8e9f0";
pub(crate) const CANARY: &str = "c0ffee00b1c2d3e4f5061728394a5b6c7d8e9f00";

const TRACE_LINE: &str =
    "java.lang.NullPointerException: Cannot invoke \"String.trim()\" because \"name\" is null";

/// A case and its digest.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) case: CaseFile,
    pub(crate) brief: Brief,
}

impl Scene {
    pub(crate) async fn verdict(&self) -> Verdict {
        RuleAnalyst.analyze(&std::sync::Arc::new(self.case.clone()), &self.brief).await
    }

    pub(crate) async fn handoff(&self) -> Result<Handoff, NoHandoff> {
        let verdict = self.verdict().await;
        Handoff::from_verdict(
            &self.case.header.identity,
            &verdict,
            &self.case.header.repository,
            Confidence::of(MIN_CONFIDENCE),
        )
    }

    /// The incident with the verdict, in a state.
    pub(crate) async fn run(&self, state: State) -> Run {
        let header = &self.case.header;
        let proposed = match (&state, &header.repository) {
            (State::Proposed { pull_request }, RepositoryStanding::Allowed { repository }) => {
                Some((repository.clone(), pull_request.clone()))
            }
            _ => None,
        };
        Run {
            id: header.incident.clone(),
            identity: header.identity.clone(),
            mode: Mode::Propose,
            version: 9,
            opened_at: header.from,
            changed_at: header.frozen_at,
            triggers: BTreeSet::from([Trigger::Watch]),
            named: header.named.clone(),
            attempt: header.attempt,
            attempt_started_at: header.from,
            troubles: header.troubles.clone(),
            end: Some(RunEnd::Aborted(String::new())),
            first_case: None,
            last_case: Some(self.brief.case.clone()),
            verdict: Some(Box::new(self.verdict().await)),
            proposed,
            state,
        }
    }

    /// The suspects, to be changed by a test.
    pub(crate) fn suspects(&mut self) -> &mut Vec<Suspect> {
        match &mut self.brief.range {
            RangeFinding::Known { suspects, .. } => suspects,
            RangeFinding::Unknown { .. } => panic!("the scene has no range"),
        }
    }

    /// Adds lines to the canary's log exhibit, so that quotes stand.
    fn say(&mut self, lines: &str) {
        for exhibit in &mut self.case.exhibits {
            if let ExhibitBody::Log { log } = &mut exhibit.body
                && log.side == Side::Canary
            {
                log.head.push_str(lines);
            }
        }
    }

    fn without_metrics(mut self) -> Self {
        self.brief.metrics.clear();
        self.case.exhibits.retain(|exhibit| {
            !matches!(exhibit.body, ExhibitBody::AnalysisRun { .. } | ExhibitBody::Series { .. })
        });
        self
    }

    fn without_traces(mut self) -> Self {
        self.brief.traces.clear();
        self.case.header.troubles.retain(|trouble| !matches!(trouble, Trouble::LogErrors { .. }));
        for suspect in self.suspects() {
            suspect.grounds = Grounds::Weak;
            suspect.reasons = vec![SuspectReason::ChangesCode];
        }
        self
    }

    pub(crate) fn pod(mut self, problem: PodProblem, detail: &str) -> Self {
        self.brief.pods.push(PodFinding {
            exhibit: digest::e(5),
            problem,
            container: "users".to_owned(),
            role: ContainerRole::App,
            canary_pods: 2,
            stable_pods: 0,
            detail: detail.to_owned(),
        });
        self
    }

    pub(crate) fn line(mut self, class: TemplateClass, quote: &str, novelty: Novelty) -> Self {
        self.say(&format!("2026-11-24T02:30:20Z {quote}\n"));
        let stable = if novelty == Novelty::Alike { 30 } else { 0 };
        self.brief.templates.push(TemplateFinding {
            id: "0a1b2c3d".to_owned(),
            exhibit: digest::e(3),
            pattern: quote.to_owned(),
            class,
            canary: 31,
            stable,
            quote: quote.to_owned(),
            novelty,
        });
        self
    }

    pub(crate) fn change(mut self, path: &str, stable: &str, canary: &str) -> Self {
        self.brief.changes.push(SpecChange {
            exhibit: digest::e(7),
            path: path.to_owned(),
            stable: stable.to_owned(),
            canary: canary.to_owned(),
        });
        self
    }

    pub(crate) fn only_candidate(mut self) -> Self {
        if let RangeFinding::Known { suspects, .. } = &mut self.brief.range {
            suspects.truncate(1);
            suspects[0].grounds = Grounds::OnlyCandidate;
            suspects[0].reasons = vec![SuspectReason::OnlyCandidate];
        }
        self
    }
}

/// `GET /users/{id}` answers 500 for users without a profile; one commit changed the line.
pub(crate) fn null_pointer() -> Scene {
    let mut scene = bare();
    scene.say(&format!("2026-11-24T02:30:11Z {TRACE_LINE}\n"));
    scene.brief.traces.push(TraceFinding {
        exhibit: digest::e(3),
        language: Language::Java,
        error: "java.lang.NullPointerException".to_owned(),
        message: "Cannot invoke \"String.trim()\" because \"name\" is null".to_owned(),
        frames: vec![
            digest::frame("shop/users/UserResource.java", 42, FrameOwner::Service),
            digest::frame("io/undertow/server/Connectors.java", 393, FrameOwner::Library),
        ],
        canary: 412,
        stable: 0,
        quote: TRACE_LINE.to_owned(),
        novelty: Novelty::New,
    });
    scene
}

/// The service panics at a line that one commit changed, and is restarted again and again.
pub(crate) fn panic() -> Scene {
    let quote = "thread 'main' panicked at src/pricing/cart.rs:88:17:";
    let mut scene = null_pointer().without_metrics();
    scene.say(&format!("2026-11-24T02:30:12Z {quote}\n"));
    scene.brief.traces[0] = TraceFinding {
        language: Language::Rust,
        error: "panic".to_owned(),
        message: "attempt to divide by zero".to_owned(),
        frames: vec![digest::frame("src/pricing/cart.rs", 88, FrameOwner::Service)],
        canary: 6,
        quote: quote.to_owned(),
        ..scene.brief.traces[0].clone()
    };
    scene.suspects()[0].reasons = vec![SuspectReason::FrameInLines {
        file: "src/pricing/cart.rs".to_owned(),
        line: 88,
        exhibit: digest::e(3),
    }];
    scene.pod(PodProblem::CrashLoop, "back-off 20s restarting failed container")
}

/// The memory limit went from 256Mi to 64Mi.
pub(crate) fn lowered_limit() -> Scene {
    bare().without_traces().without_metrics().pod(PodProblem::OomKilled, "OOMKilled, exit code 137").change(
        "containers[users].resources.limits.memory",
        "\"256Mi\"",
        "\"64Mi\"",
    )
}

/// Memory ran out under the same limit.
pub(crate) fn out_of_memory() -> Scene {
    bare().without_traces().without_metrics().pod(PodProblem::OomKilled, "OOMKilled, exit code 137")
}

/// The new image is not there.
pub(crate) fn image_pull() -> Scene {
    let mut scene = bare().without_traces().without_metrics();
    scene.case.header.troubles = vec![
        Trouble::ProgressDeadlineExceeded { message: "ReplicaSet has timed out progressing.".to_owned() },
        Trouble::NotReady {
            pod: "users-86686d4656-x".parse().unwrap(),
            reason: "ImagePullBackOff".to_owned(),
        },
    ];
    scene.brief.volume.canary_lines = 0;
    scene.pod(PodProblem::ImagePull, "manifest for registry.acme.example/users:1.1.0 not found").change(
        "containers[users].image",
        "\"registry.acme.example/users:1.0.0\"",
        "\"registry.acme.example/users:1.1.0\"",
    )
}

/// The log says that a variable is missing, and the pod template lost it.
pub(crate) fn missing_key() -> Scene {
    bare()
        .without_traces()
        .without_metrics()
        .line(
            TemplateClass::MissingConfiguration,
            "ERROR missing environment variable PAYMENT_URL",
            Novelty::New,
        )
        .change("containers[users].env[PAYMENT_URL].value", "\"http://payments:8080\"", "")
}

/// A dependency refuses connections.
pub(crate) fn refused() -> Scene {
    bare().without_traces().line(
        TemplateClass::ConnectionRefused,
        "ERROR connect to payments:8080: Connection refused (os error 111)",
        Novelty::New,
    )
}

/// The query of the AnalysisTemplate gives NaN and nothing else speaks.
pub(crate) fn not_a_number() -> Scene {
    let mut scene = bare().without_traces();
    let metric = &mut scene.brief.metrics[0];
    metric.problem = MetricProblem::NotANumber;
    metric.canary = Some("NaN".to_owned());
    metric.stable = Some("NaN".to_owned());
    metric.message = "NaN".to_owned();
    scene.brief.standing = Standing::Clean;
    scene.case.header.troubles =
        vec![Trouble::MetricFailed { metric: "http-errors".parse().unwrap(), message: String::new() }];
    scene
}

/// A metric failed, no log says why, the range is not known.
pub(crate) fn unknown() -> Scene {
    let mut scene = bare().without_traces();
    scene.brief.range = RangeFinding::Unknown {
        why: "the image tag `latest` of stable is no tag or commit of the repository".to_owned(),
    };
    scene.case.exhibits.retain(|exhibit| !matches!(exhibit.body, ExhibitBody::Range { .. }));
    scene.case.missing.push(Missing {
        what: "the log of pod users-86686d4656-y".to_owned(),
        why: "the pod was gone before its log could be read".to_owned(),
    });
    scene.brief.volume.dropped_lines = 1_200;
    scene.brief.left_out = vec!["1,200 canary log lines that limits dropped".to_owned()];
    scene
}

/// Only this daemon's own errors ended the run.
pub(crate) fn gate_silent() -> Scene {
    let mut scene = bare().without_traces().without_metrics();
    scene.brief.standing = Standing::Clean;
    scene.case.header.troubles = vec![
        Trouble::GateCouldNotAnswer { message: "agent returned status 503".to_owned() },
        Trouble::Aborted { message: "Metric \"ai\" assessed Error".to_owned() },
    ];
    scene
}

/// A failed metric, five commits, the fourth of them suspected; nothing in the logs yet.
fn bare() -> Scene {
    let case = frozen::case();
    let id = CaseFile::id_of(&case.to_bytes().unwrap());
    Scene { brief: digest::brief(id), case }
}
