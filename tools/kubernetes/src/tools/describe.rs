//! `describe`: an exhibit in words and tables.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    CaseFile, Exhibit, ExhibitBody, Tool, ToolAccess, ToolFailure, ToolOutput, arguments, schema_of,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::finding;
use super::sheet::{Sheet, shown};
use super::told;

/// Tells what exhibits show.
pub(super) struct Describe {
    case: Arc<CaseFile>,
}

// What a model asks for; a doc comment here would be sent to it with every schema.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// `rollout`, `analysis_run`, `pods`, `templates` (both pod templates, their differences first), `spec_diff` (only how the two pod
    /// templates differ), or one exhibit by its number, such as `E7`.
    #[schemars(regex(pattern = "^(rollout|analysis_run|pods|templates|spec_diff|E[1-9][0-9]*)$"))]
    what: String,
    /// The number of the first line wanted, from 1; only needed to read on.
    from_line: Option<u32>,
}

impl Describe {
    pub(super) fn new(case: Arc<CaseFile>) -> Self {
        Self { case }
    }

    fn read(&self, wanted: &Wanted) -> Result<ToolOutput, ToolFailure> {
        let mut sheet = Sheet::default();
        let mut found = 0;
        for exhibit in self.meant(&wanted.what)? {
            if found > 0 {
                sheet.line("");
            }
            found += 1;
            tell(exhibit, &wanted.what, &mut sheet)?;
        }
        if found == 0 {
            let what = shown(&wanted.what, 80);
            let words = format!("this case holds no {what}; exhibits says what it holds and what is missing");
            return Err(ToolFailure::Model(words));
        }
        sheet.page(wanted.from_line, |line| {
            format!("describe {}", json!({"what": shown(&wanted.what, 80), "from_line": line}))
        })
    }

    fn meant(&self, what: &str) -> Result<Vec<&Exhibit>, ToolFailure> {
        let is_meant: fn(&ExhibitBody) -> bool = match what {
            "rollout" => |body| matches!(body, ExhibitBody::Rollout { .. }),
            "analysis_run" => |body| matches!(body, ExhibitBody::AnalysisRun { .. }),
            "pods" => |body| matches!(body, ExhibitBody::Pods { .. }),
            "templates" | "spec_diff" => |body| matches!(body, ExhibitBody::Templates { .. }),
            named => {
                let named = named.trim().trim_start_matches("exhibit ");
                return Ok(vec![finding::exhibit(&self.case, named, finding::which)?]);
            }
        };
        Ok(self.case.exhibits.iter().filter(|exhibit| is_meant(&exhibit.body)).collect())
    }
}

fn tell(exhibit: &Exhibit, what: &str, sheet: &mut Sheet) -> Result<(), ToolFailure> {
    let id = exhibit.id;
    sheet.line(format!("{id} {} ({})", finding::kind(&exhibit.body), exhibit.source));
    match &exhibit.body {
        ExhibitBody::Rollout { rollout } => told::rollout(rollout, sheet),
        ExhibitBody::AnalysisRun { run } => told::analysis_run(run, sheet),
        ExhibitBody::Pods { pods, .. } => pods.iter().for_each(|pod| told::pod(pod, sheet)),
        ExhibitBody::Templates { stable, canary } => {
            told::difference(stable.as_ref(), canary.as_ref(), sheet);
            if what != "spec_diff" {
                told::templates(stable.as_ref(), canary.as_ref(), sheet);
            }
        }
        ExhibitBody::Events { events } => events.iter().for_each(|event| told::event(event, sheet)),
        ExhibitBody::Range { stable, canary, range } => told::range(stable, canary, range, sheet),
        ExhibitBody::Series { metric, side, query, points } => {
            sheet.line(format!("metric {metric} of {side}, {} samples: {query}", points.len()));
            sheet.line(format!("the samples: query_metrics {}", json!({"exhibit": id.to_string()})));
        }
        ExhibitBody::Log { .. } => {
            let words =
                format!("{id} is a log: read it with pod_logs {}", json!({"exhibit": id.to_string()}));
            return Err(ToolFailure::Model(words));
        }
    }
    Ok(())
}

#[async_trait]
impl Tool for Describe {
    fn name(&self) -> &'static str {
        "describe"
    }

    fn description(&self) -> &'static str {
        "Tells what was frozen of the Rollout, the AnalysisRun with its measurements, the pods with how their containers ended, both pod \
         templates with how they differ, or any one exhibit. Times are UTC. Logs are read with pod_logs."
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
