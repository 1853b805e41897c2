//! What the digest says of canary against stable: trouble, the same on stable, or clean.
//!
//! Trouble that stable does not show refuses, also when the cause is unknown. Trouble that stable shows alike lets nobody judge.
//! Errors that both sides log alike are background up to a share of the lines, and beyond it the same trouble on both.

use domain::{
    MetricProblem, Novelty, PodFinding, PodProblem, Standing, TemplateFinding, TraceFinding, Trouble,
};

use crate::logs::Logs;
use crate::metrics::{MetricJudged, OnStable};
use crate::suspects::TroubleIs;
use crate::thresholds::Thresholds;

/// What the digest has found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    /// Those of the case's header.
    pub(crate) troubles: &'a [Trouble],
    /// Metrics.
    pub(crate) metrics: &'a [MetricJudged],
    /// Pods.
    pub(crate) pods: &'a [PodFinding],
    /// All templates.
    pub(crate) templates: &'a [TemplateFinding],
    /// All traces.
    pub(crate) traces: &'a [TraceFinding],
    /// How much was read.
    pub(crate) logs: &'a Logs,
}

/// Whether one piece of evidence speaks against the canary alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaks {
    AgainstCanary,
    OfBoth,
}

impl Found<'_> {
    /// What the gate may say.
    pub(crate) fn standing(&self, thresholds: &Thresholds) -> Standing {
        let voices: Vec<Speaks> = self
            .metrics
            .iter()
            .filter(|judged| judged.finding.problem != MetricProblem::Inconclusive)
            .map(of_metric)
            .chain(self.pods.iter().filter(|pod| is_trouble(pod)).map(of_pod))
            .chain(self.troubles.iter().filter_map(|trouble| self.of_status(trouble)))
            .chain(self.of_logs(thresholds))
            .collect();
        if voices.contains(&Speaks::AgainstCanary) {
            Standing::Trouble
        } else if voices.contains(&Speaks::OfBoth) {
            Standing::SameOnStable
        } else {
            Standing::Clean
        }
    }

    /// Whether the trouble is known to be on the canary only: by a comparison, not by default.
    pub(crate) fn trouble_is(&self) -> TroubleIs {
        let by_logs = self.templates.iter().any(|template| template.novelty.is_against_canary())
            || self.traces.iter().any(|trace| trace.novelty.is_against_canary());
        let by_metrics = self.metrics.iter().any(|metric| {
            metric.on_stable == OnStable::Fine && metric.finding.problem != MetricProblem::Errored
        });
        let by_pods = self.logs.stable.pods() > 0
            && self.pods.iter().any(|pod| is_trouble(pod) && pod.stable_pods == 0);
        if by_logs || by_metrics || by_pods { TroubleIs::New } else { TroubleIs::NotKnownToBeNew }
    }

    /// A status that the digest has not looked into deeper; where it has, the finding speaks.
    fn of_status(&self, trouble: &Trouble) -> Option<Speaks> {
        let is_found = match trouble {
            Trouble::MetricFailed { metric, .. } | Trouble::MetricErrored { metric, .. } => {
                self.metrics.iter().any(|judged| judged.finding.metric == *metric)
            }
            Trouble::OomKilled { container, .. }
            | Trouble::Exited { container, .. }
            | Trouble::Restarted { container, .. } => {
                self.pods.iter().any(|pod| pod.container == container.as_str())
            }
            Trouble::NotReady { .. } | Trouble::ProgressDeadlineExceeded { .. } => {
                self.pods.iter().any(is_trouble)
            }
            Trouble::LogErrors { .. } => self.logs.canary.errors > 0,
            Trouble::Aborted { .. }
            | Trouble::AbortedByHand
            | Trouble::GateCouldNotAnswer { .. }
            | Trouble::Inconclusive { .. } => return None,
        };
        (!is_found).then_some(Speaks::AgainstCanary)
    }

    fn of_logs(&self, thresholds: &Thresholds) -> Option<Speaks> {
        let templates = self.templates.iter().map(|template| (template.novelty, template.canary));
        let findings: Vec<(Novelty, u64)> =
            templates.chain(self.traces.iter().map(|trace| (trace.novelty, trace.canary))).collect();
        if findings.iter().any(|(novelty, _)| novelty.is_against_canary()) {
            return Some(Speaks::AgainstCanary);
        }
        let alike: u64 =
            findings.iter().filter(|(novelty, _)| *novelty == Novelty::Alike).map(|(_, count)| count).sum();
        let said = self.logs.canary.quiet + self.logs.canary.errors;
        let is_more_than_background = alike as f64 > thresholds.background_share * said as f64;
        (alike >= thresholds.min_occurrences && is_more_than_background).then_some(Speaks::OfBoth)
    }
}

fn of_metric(judged: &MetricJudged) -> Speaks {
    if judged.on_stable == OnStable::Alike { Speaks::OfBoth } else { Speaks::AgainstCanary }
}

fn of_pod(pod: &PodFinding) -> Speaks {
    if pod.stable_pods > 0 { Speaks::OfBoth } else { Speaks::AgainstCanary }
}

/// Only the app's own container counts for how it ended; whatever keeps a pod from Ready counts for any container.
fn is_trouble(pod: &PodFinding) -> bool {
    pod.role == domain::ContainerRole::App
        || !matches!(pod.problem, PodProblem::OomKilled | PodProblem::CrashLoop | PodProblem::Exited)
}
