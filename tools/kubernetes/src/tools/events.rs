//! `events`: what Kubernetes and the controllers said about Rollout, ReplicaSets and pods.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    CaseFile, ClusterEvent, ExhibitBody, Tool, ToolAccess, ToolFailure, ToolOutput, arguments, schema_of,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::sheet::{Sheet, shown};
use super::told;

/// The longest text that is searched for, in characters.
const LONGEST_SEARCH: usize = 200;

/// Reads the case's events.
pub(super) struct Events {
    case: Arc<CaseFile>,
}

// What a model asks for; a doc comment here would be sent to it with every schema.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Gives only events with this text in object, reason or words, but for upper and lower case; no pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    contains: Option<String>,
    /// The number of the first line wanted, from 1; only needed to read on.
    #[serde(skip_serializing_if = "Option::is_none")]
    from_line: Option<u32>,
}

impl Events {
    pub(super) fn new(case: Arc<CaseFile>) -> Self {
        Self { case }
    }

    fn read(&self, wanted: &Wanted) -> Result<ToolOutput, ToolFailure> {
        let mut sheet = Sheet::default();
        let needle = wanted.contains.as_ref().map(|text| text.to_lowercase());
        if needle.as_ref().is_some_and(|text| text.chars().count() > LONGEST_SEARCH) {
            return Err(ToolFailure::Model(format!("contains has at most {LONGEST_SEARCH} characters")));
        }
        let holds = |event: &&ClusterEvent| {
            let ClusterEvent { about, reason, message, kind, .. } = event;
            let text = format!("{about} {kind} {reason} {message}").to_lowercase();
            needle.as_ref().is_none_or(|needle| text.contains(needle))
        };
        let mut exhibits = 0;
        for exhibit in &self.case.exhibits {
            let ExhibitBody::Events { events } = &exhibit.body else { continue };
            exhibits += 1;
            let found: Vec<&ClusterEvent> = events.iter().filter(holds).collect();
            let all = events.len();
            sheet.line(format!(
                "{}: {} of {all} events, oldest first; times are UTC",
                exhibit.id,
                found.len()
            ));
            for event in found {
                told::event(event, &mut sheet);
            }
        }
        if exhibits == 0 {
            return Err(ToolFailure::Model(
                "this case holds no events; exhibits says what it holds".to_owned(),
            ));
        }
        sheet.page(wanted.from_line, |line| {
            let call = Wanted { from_line: u32::try_from(line).ok(), ..wanted.clone() };
            format!("events {}", shown(&serde_json::to_string(&call).unwrap_or_default(), LONGEST_SEARCH * 2))
        })
    }
}

#[async_trait]
impl Tool for Events {
    fn name(&self) -> &'static str {
        "events"
    }

    fn description(&self) -> &'static str {
        "Gives the cluster's Events about the Rollout, its AnalysisRuns, ReplicaSets and pods as they were frozen: scheduling, image \
         pulls, probes, kills, aborts. Oldest first, with how often each came."
    }

    fn schema(&self) -> Value {
        schema_of::<Wanted>()
    }

    fn access(&self) -> ToolAccess {
        ToolAccess::ReadOnly
    }

    async fn call(&self, given: Value) -> Result<ToolOutput, ToolFailure> {
        self.read(&arguments::<Wanted>(given)?)
    }
}
