//! The one sentence that goes where text is believed: of our own words, a short commit and a metric's name. Not a word of a model's.

use domain::{Brief, Category, MetricProblem, Verdict};

use super::answer::Answer;
use crate::analyst::headline::name;
use crate::voice::plain::plain;

/// At most so many characters.
const LONGEST: usize = 200;

/// The rules' headline where the model agrees with them on category and commit, else one of the answer's category.
pub(super) fn headline(brief: &Brief, rules: &Verdict, answer: &Answer) -> String {
    let prime = rules.suspects.first().map(|suspect| &suspect.sha);
    let named = answer.suspect.as_ref().map(|suspect| &suspect.sha);
    if answer.category == rules.category && (named.is_none() || named == prime) {
        return rules.headline.clone();
    }
    let since = named.map(|sha| format!(", in what {} changed", sha.short())).unwrap_or_default();
    let what = match answer.category {
        Category::Code => "The cause lies in the canary's code",
        Category::Configuration => "The cause lies in the canary's configuration",
        Category::Infrastructure => "The cause lies around the canary, in the cluster or what it depends on",
        Category::AnalysisTemplate => "The cause lies in the AnalysisTemplate, not in the canary",
        Category::Unknown => "The cause is not known",
    };
    let failed = brief.metrics.iter().find(|metric| metric.problem == MetricProblem::Failed);
    let metric = failed.map(|metric| format!("; metric {} failed", name(&metric.metric))).unwrap_or_default();
    plain(&format!("{what}{since}{metric}"), LONGEST)
}
