//! Finds what a model names among a case's exhibits, and says what there is where it named something else.

use domain::{CaseFile, Exhibit, ExhibitBody, ExhibitId, LogExcerpt, ToolFailure};

use super::sheet::shown;

/// Names in one sentence, so that a refusal stays a sentence.
const NAMES: usize = 30;

/// The kind of an exhibit, in a word or two.
pub(crate) fn kind(body: &ExhibitBody) -> &'static str {
    match body {
        ExhibitBody::Rollout { .. } => "Rollout",
        ExhibitBody::AnalysisRun { .. } => "AnalysisRun",
        ExhibitBody::Pods { .. } => "pods",
        ExhibitBody::Log { .. } => "log",
        ExhibitBody::Events { .. } => "events",
        ExhibitBody::Templates { .. } => "pod templates",
        ExhibitBody::Series { .. } => "series",
        ExhibitBody::Range { .. } => "git range",
    }
}

/// The exhibit that a text such as `E3` names; where it names none, `instead` says what there is.
pub(crate) fn exhibit<'c>(
    case: &'c CaseFile,
    named: &str,
    instead: impl FnOnce(&CaseFile) -> String,
) -> Result<&'c Exhibit, ToolFailure> {
    let number = named.trim().trim_start_matches(['E', 'e']).parse().ok().map(ExhibitId);
    number.and_then(|id| case.exhibit(id)).ok_or_else(|| no_such("exhibit", named, &instead(case)))
}

/// The case's logs.
pub(crate) fn logs(case: &CaseFile) -> impl Iterator<Item = (&Exhibit, &LogExcerpt)> {
    case.exhibits.iter().filter_map(|exhibit| match &exhibit.body {
        ExhibitBody::Log { log } => Some((exhibit, log)),
        _ => None,
    })
}

/// Which exhibits there are, as a fragment such as `there are E1 (Rollout), E2 (AnalysisRun)`.
pub(crate) fn which(case: &CaseFile) -> String {
    let names = case.exhibits.iter().map(|exhibit| format!("{} ({})", exhibit.id, kind(&exhibit.body)));
    listed("there are", names).unwrap_or_else(|| "this case holds none".to_owned())
}

/// Which logs there are, as a fragment such as `logs are E3 (shop-1/app), E4 (shop-2/app)`.
pub(crate) fn which_logs(case: &CaseFile) -> String {
    let names = logs(case).map(|(exhibit, log)| format!("{} ({}/{})", exhibit.id, log.pod, log.container));
    listed("logs are", names).unwrap_or_else(|| "this case holds no log".to_owned())
}

/// `there is no exhibit E9; there are E1, E2`; what the model wrote is cut, since it may repeat hostile text.
pub(crate) fn no_such(what: &str, named: &str, instead: &str) -> ToolFailure {
    ToolFailure::Model(format!("there is no {what} {}; {instead}", shown(named, 80)))
}

/// At most so many names, with the rest counted; `None` without any.
fn listed(begin: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let names: Vec<String> = names.collect();
    let more = names.len().saturating_sub(NAMES);
    let first: Vec<String> = names.into_iter().take(NAMES).collect();
    match (first.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(format!("{begin} {}", first.join(", "))),
        (false, more) => Some(format!("{begin} {} and {more} more", first.join(", "))),
    }
}
