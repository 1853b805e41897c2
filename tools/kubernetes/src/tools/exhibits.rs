//! `exhibits`: the table of contents of a case.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    CaseFile, Exhibit, ExhibitBody, Tool, ToolAccess, ToolFailure, ToolOutput, arguments, schema_of,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::finding::kind;
use super::numbered::Kept;
use super::sheet::Sheet;
use super::told;

/// Lists what a case holds and what it lacks.
pub(super) struct Exhibits {
    case: Arc<CaseFile>,
}

// What a model asks for; a doc comment here would be sent to it with every schema.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The number of the first line wanted, from 1; only needed to read on.
    from_line: Option<u32>,
}

impl Exhibits {
    pub(super) fn new(case: Arc<CaseFile>) -> Self {
        Self { case }
    }

    fn sheet(&self) -> Sheet {
        let mut sheet = Sheet::default();
        told::header(&self.case.header, &mut sheet);
        sheet.line("");
        for exhibit in &self.case.exhibits {
            let Exhibit { id, source, body } = exhibit;
            sheet.line(format!("{id} {}: {source}; {}", kind(body), size(body)));
        }
        if !self.case.missing.is_empty() {
            sheet.line("");
            sheet.line("asked for and not had:");
        }
        for missing in &self.case.missing {
            sheet.line(format!("- {}: {}", missing.what, missing.why));
        }
        sheet
    }
}

/// How much there is to read, and with which tool.
fn size(body: &ExhibitBody) -> String {
    match body {
        ExhibitBody::Rollout { rollout } => format!("phase {}", told::or_none(&rollout.phase)),
        ExhibitBody::AnalysisRun { run } => format!("{:?}, {} metrics", run.phase, run.metrics.len()),
        ExhibitBody::Pods { pods, .. } => format!("{} pods", pods.len()),
        ExhibitBody::Log { log } => {
            let kept = Kept::of(log);
            format!("{} lines, {} of them not kept", kept.all(), kept.dropped)
        }
        ExhibitBody::Events { events } => format!("{} events", events.len()),
        ExhibitBody::Templates { stable, canary } => {
            let had = |set: &Option<_>| if set.is_some() { "had" } else { "not had" };
            format!("stable's {}, canary's {}", had(stable), had(canary))
        }
        ExhibitBody::Series { points, .. } => format!("{} samples", points.len()),
        ExhibitBody::Range { range, .. } => {
            format!("{} commits", range.commits.len() as u64 + range.left_out)
        }
    }
}

#[async_trait]
impl Tool for Exhibits {
    fn name(&self) -> &'static str {
        "exhibits"
    }

    fn description(&self) -> &'static str {
        "Lists everything that was frozen of this incident: each exhibit with its number (E1, E2, …: cite by it), kind, source and \
         size, then what was asked for and could not be had, with the reason. Read the exhibits with describe, pod_logs, events and \
         query_metrics."
    }

    fn schema(&self) -> Value {
        schema_of::<Wanted>()
    }

    fn access(&self) -> ToolAccess {
        ToolAccess::ReadOnly
    }

    async fn call(&self, given: Value) -> Result<ToolOutput, ToolFailure> {
        let wanted = arguments::<Wanted>(given)?;
        self.sheet().page(wanted.from_line, |line| format!("exhibits {{\"from_line\":{line}}}"))
    }
}
