//! The AnalysisRun of a step: made of templates and arguments, followed, ended.

use serde_json::{Value, json};

use super::{
    conditions::{Condition, assert, retract},
    revision::{HASH_LABEL, REVISION, hash_of, owner},
    round::Round,
};
use crate::kubernetes::{Importance, Kind, items, remove, set, text};

const CURRENT: &str = "/canary/currentStepAnalysisRunStatus";

impl Round<'_> {
    /// Makes the run of the present step, or takes over what became of it.
    pub(super) fn pursue_analysis(&mut self, index: usize, analysis: &Value) {
        let name = text(&self.status, &format!("{CURRENT}/name")).to_owned();
        let run = self.store.get(Kind::AnalysisRun, self.namespace(), &name);
        let Some(run) = run.filter(|run| text(run, "/metadata/labels/step-index") == index.to_string())
        else {
            self.create_analysis(index, analysis);
            return;
        };
        let phase = text(&run, "/status/phase").to_owned();
        let former = text(&self.status, &format!("{CURRENT}/status")).to_owned();
        if phase != former {
            self.report_analysis(&name, &phase, &former);
            set(&mut self.status, &format!("{CURRENT}/status"), phase.as_str());
        }
        let message = text(&run, "/status/message");
        if !message.is_empty() {
            set(&mut self.status, &format!("{CURRENT}/message"), message);
        }
        match phase.as_str() {
            "Failed" | "Error" => {
                let mut why = "Step-based analysis phase error/failed".to_owned();
                if !message.is_empty() {
                    why = format!("{why}: {message}");
                }
                self.abort(why);
            }
            "Inconclusive" => self.pause_for("InconclusiveAnalysis"),
            _ => {}
        }
    }

    /// Tells the present run, if it is not over, to end.
    pub(super) fn cancel_analysis(&mut self) {
        let name = text(&self.status, &format!("{CURRENT}/name")).to_owned();
        // Without a present run there is none of that name.
        let _ = self.store.update(Kind::AnalysisRun, self.namespace(), &name, |run| {
            if !super::assess::completed(text(run, "/status/phase")) {
                set(run, "/spec/terminate", true);
            }
        });
        remove(&mut self.status, CURRENT);
    }

    fn report_analysis(&self, name: &str, phase: &str, former: &str) {
        let (importance, reason) = match phase {
            "Failed" => (Importance::Warning, "AnalysisRunFailed"),
            "Error" => (Importance::Warning, "AnalysisRunError"),
            "Successful" => (Importance::Normal, "AnalysisRunSuccessful"),
            "Inconclusive" => (Importance::Normal, "AnalysisRunInconclusive"),
            "Running" => (Importance::Normal, "AnalysisRunRunning"),
            _ => return,
        };
        let said = format!("Step Analysis Run '{name}' Status New: '{phase}' Previous: '{former}'");
        self.event(importance, reason, said);
    }

    fn create_analysis(&mut self, index: usize, analysis: &Value) {
        let now = self.store.clock().seconds();
        let templates = match self.templates(index, analysis) {
            Ok(templates) => templates,
            Err(message) => {
                let invalid = Condition {
                    kind: "InvalidSpec",
                    status: "True",
                    reason: "InvalidSpec",
                    message: &message,
                };
                assert(&mut self.status, &invalid, &now);
                return;
            }
        };
        retract(&mut self.status, "InvalidSpec");
        let base = format!(
            "{}-{}-{}-{index}",
            text(&self.rollout, "/metadata/name"),
            hash_of(&self.new),
            self.revision()
        );
        let name = self.free_name(&base);
        let run = self.analysis_run(&name, index, analysis, &templates);
        match self.store.create(run) {
            Ok(_) => set(&mut self.status, CURRENT, json!({"name": name, "status": ""})),
            Err(error) => tracing::warn!(%error, "failed to create an AnalysisRun"),
        }
    }

    /// The name itself, or with the first number that is free after it.
    fn free_name(&self, base: &str) -> String {
        let taken = |name: &str| self.store.get(Kind::AnalysisRun, self.namespace(), name).is_some();
        if !taken(base) {
            return base.to_owned();
        }
        let mut number = 1_u32;
        while taken(&format!("{base}.{number}")) {
            number += 1;
        }
        format!("{base}.{number}")
    }

    fn templates(&self, index: usize, analysis: &Value) -> Result<Vec<Value>, String> {
        let named = items(analysis, "/templates").iter().map(|reference| {
            let name = text(reference, "/templateName");
            let cluster_wide = reference.get("clusterScope") == Some(&Value::Bool(true));
            let (kind, namespace) = if cluster_wide {
                (Kind::ClusterAnalysisTemplate, "")
            } else {
                (Kind::AnalysisTemplate, self.namespace())
            };
            self.store.get(kind, namespace, name).ok_or_else(|| {
                format!(
                    "The Rollout \"{}\" is invalid: spec.strategy.canary.steps[{index}].analysis.templates: Invalid value: \"{name}\": {} '{name}' not found",
                    text(&self.rollout, "/metadata/name"),
                    kind.name()
                )
            })
        });
        named.collect()
    }

    fn analysis_run(&self, name: &str, index: usize, analysis: &Value, templates: &[Value]) -> Value {
        let hash = hash_of(&self.new);
        let mut labels = json!({HASH_LABEL: hash, "rollout-type": "Step", "step-index": index.to_string()});
        for (label, value) in crate::kubernetes::members(&self.rollout, "/spec/selector/matchLabels") {
            set(&mut labels, &format!("/{}", label.replace('/', "~1")), value.clone());
        }
        let gathered = |field: &str| -> Vec<Value> {
            templates
                .iter()
                .flat_map(|template| items(template, &format!("/spec/{field}")).to_vec())
                .collect()
        };
        let mut spec = json!({"metrics": gathered("metrics")});
        let arguments = self.arguments(&gathered("args"), items(analysis, "/args"));
        for (field, list) in [
            ("args", arguments),
            ("dryRun", [gathered("dryRun"), items(analysis, "/dryRun").to_vec()].concat()),
            ("measurementRetention", gathered("measurementRetention")),
        ] {
            if !list.is_empty() {
                set(&mut spec, &format!("/{field}"), list);
            }
        }
        let mut run = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun",
            "metadata": {
                "name": name, "namespace": self.namespace(), "labels": labels, "annotations": {},
                "ownerReferences": [owner(&self.rollout)],
            },
            "spec": spec,
        });
        set(&mut run, REVISION, self.revision());
        run
    }

    /// The template's arguments with the step's values, or their defaults.
    fn arguments(&self, declared: &[Value], given: &[Value]) -> Vec<Value> {
        let resolved = declared.iter().map(|argument| {
            let name = text(argument, "/name");
            let given = given.iter().find(|given| text(given, "/name") == name);
            let source = given.unwrap_or(argument);
            match self.argument(source) {
                Some(value) => json!({"name": name, "value": value}),
                None => argument.clone(),
            }
        });
        resolved.collect()
    }

    fn argument(&self, source: &Value) -> Option<String> {
        if let Some(value) = source.get("value").and_then(Value::as_str) {
            return Some(value.to_owned());
        }
        match text(source, "/valueFrom/podTemplateHashValue") {
            "Latest" => return Some(hash_of(&self.new).to_owned()),
            "Stable" => return Some(text(&self.status, "/stableRS").to_owned()),
            _ => {}
        }
        let path = text(source, "/valueFrom/fieldRef/fieldPath");
        let bracketed = path.split_once("['").map(|(list, rest)| (list, rest.trim_end_matches("']")));
        let pointer = match bracketed {
            Some((list, member)) => format!("/{}/{}", list.replace('.', "/"), member.replace('/', "~1")),
            None if path.is_empty() => return None,
            None => format!("/{}", path.replace('.', "/")),
        };
        Some(text(&self.rollout, &pointer).to_owned())
    }
}
