//! The analyst with a model: it reads the digest and what its tools show, and answers by a checked call.
//!
//! The rules judge first, always. What the model says is weighed against the evidence ([`weighing`]); where it gives no usable answer,
//! the rules' verdict stands and says so. The gate's answer never depends on a model: it follows from the digest.
//!
//! Refuses to know how a model is asked, and where a tool reads.

mod answer;
mod commits;
mod headline;
mod opening;
mod weighing;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{Analyst, CaseTools};
use domain::{AnalystKind, Brief, CaseFile, Cost, Standing, Tool, ToolAccess, Verdict};

use crate::analyst::RuleAnalyst;
use crate::driver::{AnswerTool, Crew, Limits, Task, drive};
use crate::prompts;

use answer::Answer;
use weighing::Author;

/// Judges with a model, checked, and by rules where that gives nothing.
#[derive(Clone)]
pub struct ModelAnalyst {
    crew: Crew,
    tools: Vec<Arc<dyn CaseTools>>,
    settings: AnalyzerSettings,
}

/// What the operator decides of the analyzer.
#[derive(Debug, Clone, Default)]
pub struct AnalyzerSettings {
    /// What bounds a run.
    pub limits: Limits,
    /// Which tools it has.
    pub tools: ToolChoice,
}

/// Which of the tools that there are a role has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// All of them.
    #[default]
    All,
    /// Those of these names.
    Only(BTreeSet<String>),
}

impl ModelAnalyst {
    /// An analyst who asks the crew's model and lets it call what `tools` give of a case, as far as it only reads.
    pub fn new(crew: Crew, tools: Vec<Arc<dyn CaseTools>>, settings: AnalyzerSettings) -> Self {
        Self { crew, tools, settings }
    }

    async fn ask(&self, case: &Arc<CaseFile>, brief: &Brief, rules: &Verdict) -> Result<Verdict, Unused> {
        let incident = &case.header.incident;
        let task = Task {
            incident,
            checkpoint: format!("analyzer/{incident}/{}", brief.case),
            system: prompts::ANALYZER.to_owned(),
            opening: opening::opening(case, brief, rules),
            tools: self.tools(case),
            limits: self.settings.limits.clone(),
            state: &String::new,
        };
        let check = |arguments| answer::check(case, brief, self.crew.redactor.redact(arguments));
        let answer: AnswerTool<'_, Answer> =
            AnswerTool::new(answer::NAME, answer::DESCRIPTION, answer::schema(), check);
        let done = drive(&self.crew, task, &answer)
            .await
            .map_err(|stopped| Unused { why: stopped.why.to_string(), cost: stopped.cost })?;
        tracing::info!(%incident, turns = done.turns, cost = %done.cost, "a model judged");
        let author = Author { model: self.crew.model.name().to_owned(), cost: done.cost };
        weighing::verdict(case, brief, rules, done.answer, author)
            .map_err(|why| Unused { why, cost: done.cost })
    }

    /// The tools of the operator's choice, each name once. One that does not only read is never given, whoever offers it.
    fn tools(&self, case: &Arc<CaseFile>) -> Vec<Arc<dyn Tool>> {
        let mut names = BTreeSet::from([answer::NAME]);
        let mut tools: Vec<Arc<dyn Tool>> = self.tools.iter().flat_map(|some| some.tools(case)).collect();
        tools.retain(|tool| {
            let reads = tool.access() == ToolAccess::ReadOnly;
            if !reads {
                tracing::error!(
                    tool = tool.name(),
                    "a tool that may change something is kept from the analyzer"
                );
            }
            reads && self.settings.tools.contains(tool.name()) && names.insert(tool.name())
        });
        tools
    }
}

impl ToolChoice {
    fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }
}

impl std::fmt::Debug for ModelAnalyst {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModelAnalyst")
            .field("crew", &self.crew)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Analyst for ModelAnalyst {
    async fn analyze(&self, case: &Arc<CaseFile>, brief: &Brief) -> Verdict {
        let rules = RuleAnalyst.analyze(case, brief).await;
        if brief.standing != Standing::Trouble {
            return rules;
        }
        match self.ask(case, brief, &rules).await {
            Ok(verdict) => verdict,
            Err(unused) => unused.rules_instead(rules),
        }
    }
}

/// A model that was asked for nothing.
#[derive(Debug)]
struct Unused {
    /// A fragment that fits after "since".
    why: String,
    cost: Cost,
}

impl Unused {
    fn rules_instead(self, rules: Verdict) -> Verdict {
        let Self { why, cost } = self;
        tracing::warn!(incident = %rules.incident, why, "the rules judge instead of a model");
        let analysis = format!("No model judged this: {why}. {}", rules.analysis);
        Verdict { analysis, analyst: AnalystKind::RulesInstead { why, cost }, ..rules }
    }
}
