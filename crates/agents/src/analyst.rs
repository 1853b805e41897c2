//! The analyst without a model: a verdict by rules, right in what it claims and *unknown* where it does not know.
//!
//! The digest has done the comparing; here the findings are ordered into a cause ([`diagnosis`]), weighed ([`confidence`]), shown
//! with exhibits ([`claims`]) whose quotes are checked ([`quotes`]), set apart from what is not the cause ([`ruled_out`]), and told ([`headline`], [`telling`]).

mod cause;
mod claims;
mod confidence;
mod diagnosis;
pub(crate) mod headline;
pub(crate) mod quotes;
mod ruled_out;
mod sign;
mod spec;
pub(crate) mod telling;

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::Analyst;
use domain::{
    AnalystKind, Brief, CaseFile, Category, CommitSha, Grounds, RangeFinding, SpecChange, Suspect,
    SuspectReason, Verdict,
};

use crate::facts::Facts;

/// Judges by rules alone. Holds nothing: the same case and brief give the same verdict.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleAnalyst;

#[async_trait]
impl Analyst for RuleAnalyst {
    async fn analyze(&self, case: &Arc<CaseFile>, brief: &Brief) -> Verdict {
        judge(case, brief)
    }
}

fn judge(case: &CaseFile, brief: &Brief) -> Verdict {
    let facts = Facts::of(case);
    let diagnosis = diagnosis::diagnose(case, brief);
    let mut claims = claims::claims(facts, brief, diagnosis);
    let mut ruled_out = ruled_out::ruled_out(facts, brief, diagnosis);
    let struck = quotes::strike(case, &mut claims) + quotes::strike(case, &mut ruled_out);
    if struck > 0 {
        tracing::warn!(incident = %case.header.incident, struck, "quotes of the digest do not stand in their exhibits");
    }
    let category = diagnosis.cause.category(diagnosis.tie);
    let root_cause = telling::root_cause(diagnosis);
    let analysis = telling::analysis(facts, brief, &root_cause, &claims, &ruled_out);
    Verdict {
        incident: case.header.incident.clone(),
        attempt: case.header.attempt,
        case: brief.case.clone(),
        category,
        confidence: confidence::confidence(diagnosis, struck),
        headline: headline::headline(brief, diagnosis),
        analysis,
        root_cause,
        remediation: telling::remediation(facts, diagnosis),
        claims,
        ruled_out,
        suspects: suspects(brief, category, diagnosis),
        canary_commit: match &brief.range {
            RangeFinding::Known { canary, .. } => Some(canary.clone()),
            RangeFinding::Unknown { .. } => None,
        },
        standing: brief.standing,
        fingerprint: brief.fingerprint.clone(),
        analyst: AnalystKind::Rules,
    }
}

/// The range's suspects, the one that is tied to the cause first. None where the cause is outside of the repository: nobody is to
/// be suspected for what no commit did.
fn suspects(brief: &Brief, category: Category, diagnosis: diagnosis::Diagnosis<'_>) -> Vec<Suspect> {
    let tie = diagnosis.tie;
    let RangeFinding::Known { suspects, .. } = &brief.range else { return Vec::new() };
    match category {
        Category::Infrastructure | Category::AnalysisTemplate => Vec::new(),
        Category::Code | Category::Configuration | Category::Unknown => {
            let mut ordered = suspects.clone();
            ordered.sort_by_key(|suspect| tie.suspect().is_none_or(|tied| tied.sha != suspect.sha));
            if let cause::Tie::Value { suspect, .. } = tie {
                held_to_the_value(&mut ordered, &suspect.sha, &spec::that_decide(brief, diagnosis.cause));
            }
            ordered
        }
    }
}

/// The suspect stands on the values that explain the cause and on nothing else; what others stand on is another trouble's.
fn held_to_the_value(suspects: &mut [Suspect], sha: &CommitSha, changes: &[&SpecChange]) {
    for suspect in suspects {
        let explains = |path: &String| changes.iter().any(|change| change.path == *path);
        if suspect.sha == *sha {
            suspect.grounds = Grounds::SpecChange;
            suspect.reasons.retain(|reason| match reason {
                SuspectReason::SpecInLines { path, .. } => explains(path),
                _ => true,
            });
        } else {
            suspect.grounds = Grounds::Weak;
        }
    }
}
