//! From a model's answer to a verdict: what of it is believed, and how much.
//!
//! | what | confidence |
//! |---|---|
//! | the model's own, of an answer whose quotes all stand | as given |
//! | each quote that does not stand in its exhibit | 20 less, as with the rules |
//! | not one quote that stands, though none was struck | at most 60: no patch follows from what nothing shows |
//! | the rules are sure (85 and more) of another commit by a frame in its lines, or by the value that it changed | at most 65: both are shown, a person decides |
//! | every quote was struck | none: the rules' verdict stands instead |
//!
//! What the gate may say follows from the digest alone. A suspect of the model's own comes first, with [`Grounds::Named`] unless the
//! digest has better, and only with a quote that stands; other commits keep their grounds only where the rules were sure by themselves.

use domain::{
    AnalystKind, Brief, CaseFile, Category, Confidence, Cost, Grounds, MIN_CONFIDENCE, Suspect, Verdict,
};

use super::answer::Answer;
use super::headline::headline;
use crate::analyst::{quotes, telling};
use crate::facts::Facts;

const STRUCK: u8 = 20;
const UNQUOTED: u8 = 60;
const CONTESTED: u8 = 65;
/// From here on the rules are sure of a commit.
const SURE: u8 = 85;

/// Who answered, and for what.
#[derive(Debug, Clone)]
pub(super) struct Author {
    /// The model's name in the file.
    pub(super) model: String,
    /// What it cost.
    pub(super) cost: Cost,
}

/// The verdict of an answer, or why there is none: a fragment that fits after "since".
pub(super) fn verdict(
    case: &CaseFile,
    brief: &Brief,
    rules: &Verdict,
    mut answer: Answer,
    author: Author,
) -> Result<Verdict, String> {
    let quoted = answer.claims.iter().filter(|claim| claim.quote.is_some()).count();
    let struck_claims = quotes::strike(case, &mut answer.claims);
    let struck = struck_claims + quotes::strike(case, &mut answer.ruled_out);
    let standing = answer.claims.iter().filter(|claim| claim.quote.is_some()).count();
    if quoted > 0 && standing == 0 {
        return Err("no quote of its answer stands in the evidence".to_owned());
    }
    let rival = rival(rules, &answer);
    let confidence = confidence(answer.confidence, struck, standing, rival);
    let suspects = suspects(rules, brief, &answer, standing);
    let headline = headline(brief, rules, &answer);
    let root_cause = beside(rival, answer.root_cause);
    let facts = Facts::of(case);
    Ok(Verdict {
        category: answer.category,
        confidence,
        headline,
        analysis: telling::analysis(facts, brief, &root_cause, &answer.claims, &answer.ruled_out),
        root_cause,
        remediation: answer.remediation,
        claims: answer.claims,
        ruled_out: answer.ruled_out,
        suspects,
        analyst: AnalystKind::Model { model: author.model, cost: author.cost },
        ..rules.clone()
    })
}

/// The model's cause, with the commit that the rules hold instead.
fn beside(rival: Option<&Suspect>, root_cause: String) -> String {
    let Some(rival) = rival else { return root_cause };
    let why = match rival.grounds {
        Grounds::SpecChange => "it changed the value by which the pod templates differ",
        _ => "a frame of the trace lies in a line that it changed",
    };
    format!("{root_cause} The rules hold {} instead: {why}.", rival.sha.short())
}

/// The commit by which the rules are sure of something else than the model.
fn rival<'a>(rules: &'a Verdict, answer: &Answer) -> Option<&'a Suspect> {
    let by_itself =
        |prime: &&Suspect| matches!(prime.grounds, Grounds::FrameInItsLines | Grounds::SpecChange);
    let prime = rules.suspects.first().filter(by_itself)?;
    let is_sure = rules.confidence.get() >= SURE;
    let is_other = match &answer.suspect {
        Some(named) => named.sha != prime.sha,
        None => answer.category != rules.category,
    };
    (is_sure && is_other).then_some(prime)
}

fn confidence(own: u8, struck: usize, standing: usize, rival: Option<&Suspect>) -> Confidence {
    let for_quotes = u8::try_from(struck).unwrap_or(u8::MAX).saturating_mul(STRUCK);
    let mut confidence = own.saturating_sub(for_quotes);
    if standing == 0 {
        confidence = confidence.min(UNQUOTED);
    }
    if rival.is_some() {
        confidence = confidence.min(CONTESTED);
    }
    Confidence::of(confidence)
}

/// The suspects as the verdict shows them. None where the cause is outside of the repository, unless the rules contest that.
fn suspects(rules: &Verdict, brief: &Brief, answer: &Answer, standing: usize) -> Vec<Suspect> {
    if matches!(answer.category, Category::Infrastructure | Category::AnalysisTemplate) {
        return rival(rules, answer).into_iter().cloned().collect();
    }
    let rules_own = rules.suspects.first().filter(|_| rules.confidence.get() >= MIN_CONFIDENCE);
    let listed = match &brief.range {
        domain::RangeFinding::Known { suspects, .. } => suspects.as_slice(),
        domain::RangeFinding::Unknown { .. } => &[],
    };
    // Where the model names the commit whose value the rules hold for the cause, that value stays what is to be set back.
    let by_value = rules_own.filter(|own| {
        own.grounds == Grounds::SpecChange && standing > 0 && answer.category == Category::Configuration
    });
    let mut suspects: Vec<Suspect> = answer
        .suspect
        .iter()
        .map(|named| match by_value.filter(|own| own.sha == named.sha) {
            Some(own) => own.clone(),
            None => with_grounds(named.clone(), standing),
        })
        .collect();
    for other in rules_own.into_iter().chain(listed) {
        if !suspects.iter().any(|known| known.sha == other.sha) {
            let is_rules_own = rules_own.is_some_and(|own| own.sha == other.sha);
            let grounds = if is_rules_own { other.grounds } else { Grounds::Weak };
            suspects.push(Suspect { grounds, ..other.clone() });
        }
    }
    suspects
}

fn with_grounds(named: Suspect, standing: usize) -> Suspect {
    match named.grounds {
        Grounds::Weak if standing > 0 => Suspect { grounds: Grounds::Named, ..named },
        _ => named,
    }
}
