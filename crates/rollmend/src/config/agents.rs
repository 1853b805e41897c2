//! `[agents.analyzer]` and `[agents.fixer]`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use domain::{Confidence, MIN_CONFIDENCE};

use super::key::{Key, live, written};
use super::models::Model;
use super::section::{At, Section, nearest};

/// The agent that looks for the cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Analyzer {
    /// The one of `models`: a name of `[models]`.
    pub(crate) model: String,
    /// `tools`: those that it may call; `None` is all of them.
    pub(crate) tools: Option<Vec<String>>,
    /// `max_turns`: answers of the model; 12 when absent.
    pub(crate) max_turns: u32,
    /// `timeout` for all of it; 90 s when absent.
    pub(crate) timeout: Duration,
}

/// The agent that writes the patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fixer {
    /// The one of `models`: a name of `[models]`.
    pub(crate) model: String,
    /// `max_turns`: answers of the model; 40 when absent.
    pub(crate) max_turns: u32,
    /// `timeout` for all of it; 5 min when absent.
    pub(crate) timeout: Duration,
}

/// All that `[agents]` says.
#[derive(Debug, Clone)]
pub(super) struct Agents {
    pub(super) analyzer: Option<Analyzer>,
    pub(super) fixer: Option<Fixer>,
    pub(super) min_confidence: Confidence,
}

impl Analyzer {
    /// One who asks this model, and else as where the file says nothing.
    pub(crate) fn asking(model: String) -> Self {
        Self { model, tools: None, max_turns: ANALYZER_MOST, timeout: ANALYZER_TAKES }
    }
}

impl Fixer {
    /// One who asks this model, and else as where the file says nothing.
    pub(crate) fn asking(model: String) -> Self {
        Self { model, max_turns: FIXER_MOST, timeout: FIXER_TAKES }
    }
}

/// The models of the file; a broken one is known by its name.
type Models = BTreeMap<String, At<Option<Model>>>;

/// The read-only tools that an analyzer may be given.
pub(crate) const TOOLS: [&str; 7] =
    ["describe", "events", "exhibits", "git_range", "pod_logs", "query_metrics", "show_commit"];

const MODELS: Key = live("models", "One name of `[models]`.").or("no model: the rules judge");
const TOOLS_KEY: Key = live("tools", "The tools that it may call; all of them only read.").or("all");
const ANALYZER_TURNS: Key = live("max_turns", "After so many answers without a verdict the rules' stands.");
const ANALYZER_TIMEOUT: Key =
    live("timeout", "After so long the rules' verdict stands; at most `240s`, since gate calls wait for it.");
const FIXER_MODELS: Key =
    live("models", "One name of `[models]`.").or("no model: the commit or the hunk is reverted");
const MIN: Key = live("min_confidence", "From which confidence a verdict may become a pull request.");
const FIXER_TURNS: Key = live("max_turns", "After so many answers without a patch the revert stands.");
const FIXER_TIMEOUT: Key = live("timeout", "After so long the revert stands; at most `30m`.");
/// Turns and time where the file says nothing.
const ANALYZER_MOST: u32 = 12;
const ANALYZER_TAKES: Duration = Duration::from_secs(90);
const FIXER_MOST: u32 = 40;
const FIXER_TAKES: Duration = Duration::from_mins(5);
/// A gate call waits for the verdict and gives up after 280 s; the evidence has to be gathered in that time as well.
const ANALYZER_TIME: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(240);
const FIXER_TIME: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(1_800);

pub(super) fn read(root: &Section<'_>, models: &Models) -> Agents {
    let agents = root.group("agents");
    let about = "The agent that looks for the cause, where a model is named. The rules judge first; when the model fails, takes too long or costs too much, their verdict stands and says so.";
    let analyzer = analyzer(agents.chapter("analyzer", about), models);
    let about = "When a verdict becomes a pull request, and the agent that writes the patch, where a model is named. A revert stands in for what it cannot mend.";
    let (fixer, min_confidence) = fixer(agents.chapter("fixer", about), models);
    agents.finish();
    Agents { analyzer, fixer, min_confidence }
}

fn analyzer(section: Section<'_>, models: &Models) -> Option<Analyzer> {
    let model = model(&section, MODELS, models);
    let tools = tools(&section);
    let max_turns = turns(&section, ANALYZER_TURNS, ANALYZER_MOST);
    let timeout = within(&section, ANALYZER_TIMEOUT, ANALYZER_TAKES, &ANALYZER_TIME);
    without_model(&section, &[TOOLS_KEY, ANALYZER_TURNS, ANALYZER_TIMEOUT]);
    section.finish();
    Some(Analyzer { model: model?, tools, max_turns, timeout })
}

fn fixer(section: Section<'_>, models: &Models) -> (Option<Fixer>, Confidence) {
    let model = model(&section, FIXER_MODELS, models);
    let least = section.integer(MIN, 50..101, u64::from(MIN_CONFIDENCE));
    let max_turns = turns(&section, FIXER_TURNS, FIXER_MOST);
    let timeout = within(&section, FIXER_TIMEOUT, FIXER_TAKES, &FIXER_TIME);
    without_model(&section, &[FIXER_TURNS, FIXER_TIMEOUT]);
    section.finish();
    let fixer = model.map(|model| Fixer { model, max_turns, timeout });
    (fixer, Confidence::of(u8::try_from(least).unwrap_or(MIN_CONFIDENCE)))
}

/// The one model of an agent.
fn model(section: &Section<'_>, key: Key, models: &Models) -> Option<String> {
    let mut names = section.texts(key)?.into_iter();
    let (first, second) = (names.next(), names.next());
    let Some(name) = first else {
        let what = format!("{} is empty", section.name(key.name));
        section.problem(section.span(), what, "name one model, or take the key out: the rules do without");
        return None;
    };
    if let Some(second) = second {
        let what = format!("{} names several", section.name(key.name));
        section.problem(second.span, what, "several models vote in a later version; name one");
    }
    if models.contains_key(&name.value) {
        return Some(name.value);
    }
    let what =
        format!("{} names {:?}, and there is no [models.{}]", section.name(key.name), name.value, name.value);
    let advice = if models.is_empty() {
        format!("add [models.{}] with provider, model, api_key and price", name.value)
    } else {
        nearest(&name.value, models.keys().map(String::as_str), "the file has")
    };
    section.problem(name.span, what, advice);
    None
}

/// Keys that mean nothing without a model: whoever wrote them thinks that there is one.
fn without_model(section: &Section<'_>, keys: &[Key]) {
    let meant = keys.iter().find(|key| section.has(key.name));
    if let Some(key) = meant.filter(|_| !section.has(MODELS.name)) {
        let what = format!("{} means nothing without a model", section.name(key.name));
        section.problem(section.span(), what, "add models = [\"NAME\"], or take the key out");
    }
}

fn tools(section: &Section<'_>) -> Option<Vec<String>> {
    let named = section.texts(TOOLS_KEY)?;
    if named.is_empty() {
        let what = format!("{} is empty", section.name(TOOLS_KEY.name));
        section.problem(section.span(), what, "name some, or take the key out for all of them");
    }
    for tool in &named {
        if !TOOLS.contains(&tool.value.as_str()) {
            let what = format!("{} names {:?}", section.name(TOOLS_KEY.name), tool.value);
            section.problem(
                tool.span.clone(),
                what,
                nearest(&tool.value, TOOLS.into_iter(), "this version knows"),
            );
        }
    }
    Some(named.into_iter().map(|tool| tool.value).collect())
}

fn turns(section: &Section<'_>, key: Key, default: u32) -> u32 {
    u32::try_from(section.integer(key, 1..201, default.into())).unwrap_or(default)
}

fn within(section: &Section<'_>, key: Key, default: Duration, range: &RangeInclusive<Duration>) -> Duration {
    let duration = section.duration(key, default);
    if !range.contains(&duration.value) {
        let what = format!("{} is {}", section.name(key.name), written(duration.value));
        let advice = format!("write from \"{}\" to \"{}\"", written(*range.start()), written(*range.end()));
        section.problem(duration.span, what, advice);
    }
    duration.value
}
