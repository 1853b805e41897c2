//! `pod_logs`: a container's log, by number, around a line, or the lines that contain a text.

mod view;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    CaseFile, ExhibitBody, Incarnation, LogExcerpt, Tool, ToolAccess, ToolFailure, ToolOutput, arguments,
    schema_of,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::finding;
use super::live::LiveLogs;
use view::{View, Whence};

/// Reads logs of the case, and of the cluster what the case lacks.
pub(super) struct PodLogs {
    case: Arc<CaseFile>,
    live: Option<LiveLogs>,
}

// What a model asks for; a doc comment here would be sent to it with every schema.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The log's exhibit, such as `E3`. Give this, or `pod` and `container`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exhibit: Option<String>,
    /// The pod's name, without a namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pod: Option<String>,
    /// The container's name; needed where the pod has several logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) container: Option<String>,
    /// With `pod`: the run of the container, `current` (when absent) or `previous`, the one before its last restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) which: Option<Which>,
    /// Gives only lines that contain this text, as it is written here but for upper and lower case; no pattern. At most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub(super) contains: Option<String>,
    /// The number of the first line wanted, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from_line: Option<u64>,
    /// How many lines at most: 200 when absent, never more than 1000. With 1, an overlong line is given at more length.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub(super) lines: Option<u32>,
    /// The number of a line to be given with as many lines before it as after; 41 lines unless `lines` says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) around: Option<u64>,
}

// Which run of a container; inline and without doc comments it is a plain list of words in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum Which {
    Current,
    Previous,
}

impl From<Which> for Incarnation {
    fn from(which: Which) -> Self {
        match which {
            Which::Current => Self::Current,
            Which::Previous => Self::Previous,
        }
    }
}

impl PodLogs {
    pub(super) fn new(case: Arc<CaseFile>, live: Option<LiveLogs>) -> Self {
        Self { case, live }
    }

    async fn read(&self, wanted: &Wanted) -> Result<ToolOutput, ToolFailure> {
        if let Some(named) = &wanted.exhibit {
            if wanted.pod.is_some() || wanted.container.is_some() || wanted.which.is_some() {
                return Err(told("give either exhibit, or pod, container and which"));
            }
            let exhibit = finding::exhibit(&self.case, named, finding::which_logs)?;
            let ExhibitBody::Log { log } = &exhibit.body else {
                let kind = finding::kind(&exhibit.body);
                let which = finding::which_logs(&self.case);
                return Err(told(format!("{} is no log but {kind}: see describe; {which}", exhibit.id)));
            };
            return Ok(View::new(wanted, log, Whence::Case(exhibit.id))?.give());
        }
        let Some(pod) = &wanted.pod else {
            let which = finding::which_logs(&self.case);
            return Err(told(format!("name a log by exhibit, or by pod and container; {which}")));
        };
        match self.frozen(pod, wanted)? {
            Some((id, log)) => Ok(View::new(wanted, log, Whence::Case(id))?.give()),
            None => self.live(pod, wanted).await,
        }
    }

    /// The case's own log of that pod and container, where there is one.
    fn frozen(
        &self,
        pod: &str,
        wanted: &Wanted,
    ) -> Result<Option<(domain::ExhibitId, &LogExcerpt)>, ToolFailure> {
        let container = wanted.container.as_deref();
        let which = wanted.which.map(Incarnation::from);
        let mut found = finding::logs(&self.case)
            .filter(|(_, log)| log.pod.as_str() == pod)
            .filter(|(_, log)| container.is_none_or(|name| log.container.as_str() == name))
            .filter(|(_, log)| which.is_none_or(|which| log.which == which));
        let first = found.next();
        if let Some(other) = found.next()
            && let Some(first) = first
        {
            // The current run is meant where only the run is left open.
            let current = [first, other].into_iter().find(|(_, log)| log.which == Incarnation::Current);
            if first.1.container == other.1.container
                && let Some((exhibit, log)) = current
            {
                return Ok(Some((exhibit.id, log)));
            }
            let which = finding::which_logs(&self.case);
            return Err(told(format!(
                "that pod has several logs: name the container or the exhibit; {which}"
            )));
        }
        Ok(first.map(|(exhibit, log)| (exhibit.id, log)))
    }

    async fn live(&self, pod: &str, wanted: &Wanted) -> Result<ToolOutput, ToolFailure> {
        let Some(live) = &self.live else {
            return Err(finding::no_such("log of pod", pod, &finding::which_logs(&self.case)));
        };
        let log = live.read(&self.case, pod, wanted).await?;
        Ok(View::new(wanted, &log, Whence::Live)?.give())
    }
}

#[async_trait]
impl Tool for PodLogs {
    fn name(&self) -> &'static str {
        "pod_logs"
    }

    fn description(&self) -> &'static str {
        if self.live.is_some() {
            "Reads a container's log of this case: its beginning and end as they were frozen, each line with its number in the whole \
             log, its time and, after the bar, its text. What lies between and was not kept is counted. Search first \
             (`contains`), then read `around` a line that it found. Quote only what stands after the bar. A log that is not in the case \
             is read from the cluster if its pod is still there; it is marked as live and cannot be cited."
        } else {
            "Reads a container's log of this case: its beginning and end as they were frozen, each line with its number in the whole \
             log, its time and, after the bar, its text. What lies between and was not kept is counted. Search first \
             (`contains`), then read `around` a line that it found. Quote only what stands after the bar."
        }
    }

    fn schema(&self) -> Value {
        schema_of::<Wanted>()
    }

    fn access(&self) -> ToolAccess {
        ToolAccess::ReadOnly
    }

    async fn call(&self, given: Value) -> Result<ToolOutput, ToolFailure> {
        self.read(&arguments::<Wanted>(given)?).await
    }
}

fn told(words: impl Into<String>) -> ToolFailure {
    ToolFailure::Model(words.into())
}
