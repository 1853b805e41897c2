//! What the gate answers, in the metric plugin's terms.
//!
//! The words go into an AnalysisRun and from there wherever its operator shows it; the figures are the gate rule's and the verdict's.

use domain::workflow::Run;
use domain::{AnalystKind, GateAnswer, PodHash, Promotion, RolloutRef, Verdict};

use super::judged::judged;
use super::plain::{plain, within_bytes};

/// The most bytes of each text of an answer: it is kept in the AnalysisRun's status.
const LONGEST: usize = 8_000;

/// The answer of a verdict: hold. `None` while there is no verdict.
pub fn of_run(run: &Run) -> Option<GateAnswer> {
    let verdict = run.verdict.as_ref()?;
    Some(GateAnswer {
        promotion: Promotion::Hold,
        confidence: verdict.confidence.get(),
        analysis: within_bytes(&format!("{}{} Case {}.", verdict.analysis, judge(verdict), run.id), LONGEST),
        root_cause: within_bytes(&verdict.root_cause, LONGEST),
        remediation: within_bytes(&verdict.remediation, LONGEST),
        pull_request: run.proposed.as_ref().and_then(|(_, pull_request)| page(&pull_request.url)),
    })
}

/// Which model judged; that none did, where one should have, the analysis itself says.
fn judge(verdict: &Verdict) -> String {
    match &verdict.analyst {
        AnalystKind::Model { .. } => format!(" Judged {}.", judged(&verdict.analyst)),
        AnalystKind::Rules | AnalystKind::RulesInstead { .. } => String::new(),
    }
}

/// The answer for a clean canary: promote, with a confidence of 51–99 and the figures.
pub fn clean(rollout: &RolloutRef, canary: &PodHash, confidence: u8, figures: &str) -> GateAnswer {
    let figures = plain(figures, 1_000);
    let figures = figures.trim_end_matches('.');
    GateAnswer {
        promotion: Promotion::Promote,
        confidence: confidence.clamp(51, 99),
        analysis: format!(
            "Canary {canary} of {rollout} shows no trouble that stable does not show: {figures}."
        ),
        root_cause: "None: nothing failed.".to_owned(),
        remediation: "Nothing to do.".to_owned(),
        pull_request: None,
    }
}

/// The page of a pull request, where it is a web address and nothing more.
pub(super) fn page(url: &str) -> Option<String> {
    let harmless = (url.starts_with("https://") || url.starts_with("http://"))
        && url.len() <= 500
        && url.bytes().all(|b| b.is_ascii_graphic() && !b"<>\"'`()[]{}\\|".contains(&b));
    harmless.then(|| url.to_owned())
}
