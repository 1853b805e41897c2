//! The pull request's words: a title, and a body as its reviewer wants to read it.
//!
//! What broke comes first, then what shows it, then what changes, then how little of it was proved. Nothing from outside is
//! markup in it: see [`markdown`](super::markdown).

use domain::{
    AnalysisPhase, CaseFile, Claim, Cost, ExhibitId, Handoff, Marker, Metric, NoPatch, Patch, Suspect,
    SuspectReason, Verdict,
};

use super::markdown::{cell, code, prose};
use super::plain::{defused, plain};
use crate::facts::{Facts, clock, date_and_clock, fragment};
use crate::failure::{FailedMetric, failure};

/// The most characters of a title, so that it is whole in a list and in `git log`.
const TITLE: usize = 72;
/// The most files that a body names.
const FILES: usize = 20;
/// The most other suspects that a body names.
const OTHERS: usize = 5;

/// What a body is about.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// What was handed off.
    pub handoff: &'a Handoff,
    /// The case that the body cites.
    pub case: &'a CaseFile,
    /// Whose commit is undone.
    pub suspect: &'a Suspect,
    /// The change.
    pub patch: &'a Patch,
    /// Suspects that were tried before and why they were not reverted.
    pub refused: &'a [(Suspect, NoPatch)],
    /// The fixer with a model that gave no patch, where one was asked.
    pub tried: Option<&'a Tried>,
}

/// A fixer with a model that was asked for a patch and gave none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The model's name in the file.
    pub model: String,
    /// What it cost.
    pub cost: Cost,
    /// Why it gave none: a fragment that fits after "since".
    pub why: String,
}

/// `Revert "subject"` in at most 72 characters; the subject names no person, issue or page.
pub fn title(subject: &str, suspect: &Suspect) -> String {
    let room = TITLE - "Revert \"\"".len();
    let subject = defused(subject, room).replace('"', "'");
    if subject.is_empty() {
        format!("Revert {}", suspect.sha.short())
    } else {
        format!("Revert \"{subject}\"")
    }
}

/// The body, Markdown, with the hidden marker at its end.
pub fn body(contents: Contents<'_>) -> String {
    let verdict = contents.handoff.verdict();
    let facts = Facts::of(contents.case);
    let parts = [
        opening(facts, verdict),
        format!("**Why we think so**\n\n{}", evidence(&verdict.claims)),
        ruled_out(verdict),
        unknown(facts),
        changes(contents),
        proof(contents),
        alternatives(contents),
        closing(contents, facts),
        Marker { incident: contents.handoff.incident().clone(), suspect: contents.suspect.sha.clone() }
            .to_string(),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

/// The failure and its cause. The figures of the failed metric are those of the claim on it.
fn opening(facts: Facts<'_>, verdict: &Verdict) -> String {
    let of_claim = |(_, metric): (ExhibitId, &Metric)| {
        let beginning = format!("metric {} failed", code(metric.name.as_str(), 80));
        verdict.claims.iter().find(|claim| claim.text.starts_with(&beginning)).cloned()
    };
    let mut failing = facts.deciding().filter(|(_, metric)| metric.phase == AnalysisPhase::Failed);
    let failed = failing.find_map(|found| Some((found.1.name.as_str(), of_claim(found)?)));
    let metric =
        failed.map(|(name, claim)| FailedMetric { name, canary: claim.canary, stable: claim.stable });
    format!("{} {}", prose(&failure(facts, metric)), prose(&verdict.root_cause))
}

fn evidence(claims: &[Claim]) -> String {
    let mut table = "| | evidence | canary | stable |\n|---|---|---|---|".to_owned();
    for claim in claims {
        let quote = claim.quote.as_deref().map(|quote| format!(": {}", code(quote, 300))).unwrap_or_default();
        let shown = [format!("{}{quote}", prose(&claim.text)), prose(&claim.canary), prose(&claim.stable)];
        let [text, canary, stable] = shown.map(|part| cell(&part));
        table.push_str(&format_row(&claim.exhibit.to_string(), &text, &canary, &stable));
    }
    table
}

fn format_row(exhibit: &str, text: &str, canary: &str, stable: &str) -> String {
    let cells = [exhibit, text, canary, stable]
        .map(|one| if one.is_empty() { " |".to_owned() } else { format!(" {one} |") });
    format!("\n|{}", cells.concat())
}

fn ruled_out(verdict: &Verdict) -> String {
    if verdict.ruled_out.is_empty() {
        return String::new();
    }
    let words: Vec<String> =
        verdict.ruled_out.iter().map(|claim| format!("{} ({})", prose(&claim.text), claim.exhibit)).collect();
    format!("Ruled out: {}.", words.join("; "))
}

fn unknown(facts: Facts<'_>) -> String {
    let mut words: Vec<String> = facts.missing(5, |_| false).iter().map(|what| prose(what)).collect();
    match facts.dropped_lines() {
        0 => {}
        lines => words.push(format!("{lines} log lines that limits dropped")),
    }
    if words.is_empty() { String::new() } else { format!("Not looked at: {}.", words.join("; ")) }
}

fn changes(contents: Contents<'_>) -> String {
    let Contents { suspect, patch, .. } = contents;
    let mut files: Vec<String> = patch
        .files
        .iter()
        .take(FILES)
        .map(|file| format!("{} (+{} −{})", code(&file.path, 160), file.added, file.removed))
        .collect();
    if let Some(more) = patch.files.len().checked_sub(FILES).filter(|more| *more > 0) {
        files.push(format!("{more} more files"));
    }
    format!(
        "**What changes**: {} {} is undone on top of {} ({}), and nothing else: {}.",
        suspect.sha.short(),
        code(&suspect.subject, TITLE),
        code(patch.base.as_str(), 100),
        patch.base_commit.short(),
        files.join(", ")
    )
}

fn proof(contents: Contents<'_>) -> String {
    format!(
        "**Proof**: none yet. Nothing was built and no test was run; this draft is a revert and no more. Checked without running it: \
         it applies to {} without a conflict, it is exactly the reverse of that commit, and it touches only paths that a patch may \
         touch. Not shown: that it builds, that the tests pass, and that the canary is healthy with it. Let CI say so before you mark it ready.",
        code(contents.patch.base.as_str(), 100)
    )
}

fn alternatives(contents: Contents<'_>) -> String {
    let verdict = contents.handoff.verdict();
    let refused = contents.refused.iter().map(|(suspect, why)| {
        let why = match why {
            NoPatch::Conflict { files, .. } => {
                format!("its revert conflicts with later changes in {}", code(files, 300))
            }
            other => code(&other.to_string(), 300),
        };
        format!("- {} {}: the better suspect, but {why}", suspect.sha.short(), code(&suspect.subject, TITLE))
    });
    let tried = |other: &&Suspect| {
        other.sha == contents.suspect.sha
            || contents.refused.iter().any(|(suspect, _)| suspect.sha == other.sha)
    };
    let others: Vec<&Suspect> = verdict.suspects.iter().filter(|other| !tried(other)).collect();
    let named = others.iter().take(OTHERS).map(|other| {
        format!("- {} {}: {}", other.sha.short(), code(&other.subject, TITLE), turned_down(other))
    });
    let more = others.len().checked_sub(OTHERS).filter(|more| *more > 0);
    let lines: Vec<String> = std::iter::once("**Turned down**\n".to_owned())
        .chain(std::iter::once(repair(contents)))
        .chain(refused)
        .chain(named)
        .chain(more.map(|more| {
            let commits = if more == 1 { "commit" } else { "commits" };
            format!("- {more} more {commits} of the range with less against them")
        }))
        .collect();
    lines.join("\n")
}

/// That a repair would keep more, and that a fixer tried to make one, where it did.
fn repair(contents: Contents<'_>) -> String {
    let sha = contents.suspect.sha.short();
    match contents.tried {
        None => format!(
            "- A repair that keeps the rest of {sha}: it takes someone who knows the code; this gives time for it."
        ),
        Some(tried) => format!(
            "- A repair that keeps the rest of {sha}: a fixer with model {} tried ({}) and gave none, since {}",
            code(&tried.model, 80),
            tried.cost,
            prose(&fragment(&tried.why, 400)),
        ),
    }
}

/// Why another suspect was not reverted.
fn turned_down(suspect: &Suspect) -> String {
    let words = |reason: &SuspectReason| match reason {
        SuspectReason::FrameInLines { file, line, exhibit } => {
            Some(format!("it changed {} as well ({exhibit})", code(&format!("{file}:{line}"), 160)))
        }
        SuspectReason::FrameInFile { file, exhibit } => {
            Some(format!("it changed {}, but not the lines of a frame ({exhibit})", code(file, 160)))
        }
        SuspectReason::SpecInLines { file, line, exhibit, .. } => {
            Some(format!("it changed the value at {} ({exhibit})", code(&format!("{file}:{line}"), 160)))
        }
        SuspectReason::Harmless => Some("it changes documentation or tests only".to_owned()),
        SuspectReason::OnlyCandidate | SuspectReason::ChangesCode => None,
    };
    suspect
        .reasons
        .iter()
        .find_map(words)
        .unwrap_or_else(|| "no frame is in a file that it changed".to_owned())
}

fn closing(contents: Contents<'_>, facts: Facts<'_>) -> String {
    let header = &contents.case.header;
    let between = facts.between().map(|between| format!(" · commits {between}")).unwrap_or_default();
    format!(
        "To undo this: revert the merged commit. To decline it: close this pull request, it will not be opened again.\n\
         Case `{}`, attempt {}{between} · evidence from {} to {} · confidence {}, by rules, no model was asked · all of it: `rollmend show {}`",
        plain(contents.handoff.incident().as_str(), 600),
        header.attempt,
        date_and_clock(header.from),
        clock(header.frozen_at),
        contents.handoff.verdict().confidence.get(),
        contents.handoff.incident(),
    )
}
