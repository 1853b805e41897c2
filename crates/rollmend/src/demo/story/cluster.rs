//! News from the cluster, as anyone who watches the Rollout sees them.

use serde_json::Value;
use shop::history;
use testbed::kubernetes::Kind;

use super::super::happening::Happening;
use super::super::options::Scenario;
use super::super::stage::{METRIC, NAMESPACE, ROLLOUT, Stage};
use super::Cast;

/// The name under which the daemon writes Events.
const OURS: &str = "rollmend";

/// What was told already.
#[derive(Debug, Default)]
pub(super) struct ClusterNews {
    runs: usize,
    measurements: usize,
    named_pull_request: bool,
    aborted: bool,
    promoted: bool,
}

/// The news that the next release was applied.
pub(super) fn deployed(stage: &Stage, scenario: Scenario) -> Happening {
    let plot = scenario.plot();
    let commits: Vec<_> = history(plot).into_iter().filter(|commit| commit.tag != Some("v1.0.0")).collect();
    let mut authors: Vec<&str> = commits.iter().map(|commit| commit.author).collect();
    authors.sort_unstable();
    authors.dedup();
    Happening::Deployed {
        version: plot.last_release().version(),
        commits: commits.len(),
        authors: authors.len(),
        canary_pods: 1,
        pods: stage.pods(),
    }
}

impl ClusterNews {
    pub(super) fn aborted(&self) -> bool {
        self.aborted
    }

    pub(super) fn promoted(&self) -> bool {
        self.promoted
    }

    /// Whether an Event of the daemon's names the pull request.
    pub(super) fn announced_pull_request(&self) -> bool {
        self.named_pull_request
    }

    /// The daemon's Event that names the pull request, when it is new.
    pub(super) fn announcement(&mut self, cast: &Cast<'_>) -> Option<Happening> {
        let events = cast.stage.store().list(Kind::Event, Some(NAMESPACE));
        let mut ours = events
            .iter()
            .filter(|event| event["reportingComponent"] == OURS && text(event, "message").contains("/pull/"));
        let event = ours.next().filter(|_| !self.named_pull_request)?;
        self.named_pull_request = true;
        Some(written(event))
    }

    /// What is new about the Rollout and its analysis.
    pub(super) fn gather(&mut self, cast: &Cast<'_>) -> Vec<Happening> {
        let store = cast.stage.store();
        let runs = store.list(Kind::AnalysisRun, Some(NAMESPACE));
        self.runs = runs.len();
        let mut news: Vec<Happening> = runs.iter().flat_map(measured).skip(self.measurements).collect();
        self.measurements += news.len();
        if let Some(rollout) = store.get(Kind::Rollout, NAMESPACE, ROLLOUT) {
            let status = &rollout["status"];
            if !self.aborted && status["abort"] == true {
                self.aborted = true;
                let message = status["message"].as_str().unwrap_or_default().to_owned();
                news.push(Happening::Aborted { message });
            }
            let is_stable = status["stableRS"] == status["currentPodHash"];
            self.promoted = self.runs > 0 && is_stable && status["phase"] == "Healthy";
        }
        news
    }
}

fn measured(run: &Value) -> Vec<Happening> {
    let results = run["status"]["metricResults"].as_array().into_iter().flatten();
    let condition = run["spec"]["metrics"][0]["successCondition"].as_str().unwrap_or_default();
    let measurements = results.flat_map(|result| result["measurements"].as_array().into_iter().flatten());
    let told = |measurement: &Value| Happening::Measured {
        metric: METRIC.to_owned(),
        phase: text(measurement, "phase"),
        value: text(measurement, "value"),
        condition: condition.to_owned(),
    };
    measurements.filter(|measurement| measurement["finishedAt"].is_string()).map(told).collect()
}

fn written(event: &Value) -> Happening {
    Happening::EventWritten {
        kind: text(event, "type"),
        reason: text(event, "reason"),
        message: text(event, "message"),
    }
}

fn text(object: &Value, member: &str) -> String {
    object[member].as_str().unwrap_or_default().to_owned()
}
