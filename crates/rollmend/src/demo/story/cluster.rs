//! News from the cluster, as anyone who watches the Rollout sees them.

use std::collections::BTreeSet;

use serde_json::Value;
use shop::history;
use testbed::kubernetes::Kind;

use super::super::happening::Happening;
use super::super::object::{holds, items, text};
use super::super::options::Scenario;
use super::super::stage::{NAMESPACE, REPLICAS, ROLLOUT};
use super::Cast;

/// The name under which the daemon writes Events.
const OURS: &str = "rollmend";

/// What was told already.
#[derive(Debug, Default)]
pub(super) struct ClusterNews {
    runs: usize,
    /// Each by its metric and when it was begun: a result keeps its latest alone.
    measurements: BTreeSet<(String, String)>,
    announced: bool,
    aborted: bool,
    promoted: bool,
}

/// The news that the next release was applied.
pub(super) fn deployed(scenario: Scenario) -> Happening {
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
        pods: REPLICAS,
    }
}

impl ClusterNews {
    pub(super) fn aborted(&self) -> bool {
        self.aborted
    }

    pub(super) fn promoted(&self) -> bool {
        self.promoted
    }

    /// Whether an Event of the daemon's says how the incident ended.
    pub(super) fn announced(&self) -> bool {
        self.announced
    }

    /// The daemon's Event that says how the incident ended, by one of these reasons, when it is new.
    pub(super) fn announcement(&mut self, cast: &Cast<'_>, reasons: &[&str]) -> Option<Happening> {
        let events = cast.stage.store().list(Kind::Event, Some(NAMESPACE));
        let mut ours = events.iter().filter(|event| {
            text(event, "/reportingComponent") == OURS && reasons.contains(&text(event, "/reason"))
        });
        let event = ours.next().filter(|_| !self.announced)?;
        self.announced = true;
        Some(written(event))
    }

    /// What is new about the Rollout and its analysis.
    pub(super) fn gather(&mut self, cast: &Cast<'_>) -> Vec<Happening> {
        let store = cast.stage.store();
        let runs = store.list(Kind::AnalysisRun, Some(NAMESPACE));
        self.runs = runs.len();
        let measurements = runs.iter().flat_map(measured);
        let new = measurements.filter(|(which, _)| self.measurements.insert(which.clone()));
        let mut news: Vec<Happening> = new.map(|(_, happening)| happening).collect();
        if let Some(rollout) = store.get(Kind::Rollout, NAMESPACE, ROLLOUT) {
            if !self.aborted && holds(&rollout, "/status/abort") {
                self.aborted = true;
                news.push(Happening::Aborted { message: text(&rollout, "/status/message").to_owned() });
            }
            let [stable, current, phase] = ["stableRS", "currentPodHash", "phase"]
                .map(|member| text(&rollout, &format!("/status/{member}")));
            self.promoted = self.runs > 0 && stable == current && phase == "Healthy";
        }
        news
    }
}

fn measured(run: &Value) -> Vec<((String, String), Happening)> {
    let results = items(run, "/status/metricResults").iter();
    results.flat_map(|result| measurements(run, result)).collect()
}

fn measurements<'a>(
    run: &'a Value,
    result: &'a Value,
) -> impl Iterator<Item = ((String, String), Happening)> + 'a {
    let name = text(result, "/name");
    let mut metrics = items(run, "/spec/metrics").iter();
    let condition = metrics.find(|metric| text(metric, "/name") == name);
    let condition = condition.map_or("", |metric| text(metric, "/successCondition"));
    let ended = items(result, "/measurements").iter();
    ended.filter(|measurement| !text(measurement, "/finishedAt").is_empty()).map(move |measurement| {
        let happening = Happening::Measured {
            metric: name.to_owned(),
            phase: text(measurement, "/phase").to_owned(),
            value: text(measurement, "/value").to_owned(),
            condition: condition.to_owned(),
            message: text(measurement, "/message").to_owned(),
        };
        ((name.to_owned(), text(measurement, "/startedAt").to_owned()), happening)
    })
}

fn written(event: &Value) -> Happening {
    Happening::EventWritten {
        kind: text(event, "/type").to_owned(),
        reason: text(event, "/reason").to_owned(),
        message: text(event, "/message").to_owned(),
    }
}
