//! What stands around the change in every body: the failure, what shows it, what was ruled out, what else was suspected, who judged.

use domain::{
    AnalysisPhase, AnalystKind, CaseFile, Claim, Cost, ExhibitId, Handoff, Marker, Metric, Patch, Suspect,
    SuspectReason, Verdict,
};

use super::TITLE;
use crate::facts::{Facts, clock, date_and_clock};
use crate::failure::{FailedMetric, failure};
use crate::voice::judged::{cost_of, judged};
use crate::voice::markdown::{cell, code, prose};
use crate::voice::plain::plain;

/// The most files that a body names.
const FILES: usize = 20;
/// The most other suspects that a body names.
const OTHERS: usize = 5;

/// What every body is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) handoff: &'a Handoff,
    pub(super) case: &'a CaseFile,
}

impl Around<'_> {
    /// The whole body around its own parts; `fixer` is what a fixer's model cost, where one was asked.
    pub(super) fn body(self, own: [String; 4], fixer: Option<Cost>, marker: &Marker) -> String {
        let verdict = self.handoff.verdict();
        let facts = Facts::of(self.case);
        let parts: Vec<String> = [
            opening(facts, verdict),
            format!("**Why we think so**\n\n{}", evidence(&verdict.claims)),
            ruled_out(verdict),
            unknown(facts),
        ]
        .into_iter()
        .chain(own)
        .chain([self.closing(facts, fixer), marker.to_string()])
        .filter(|part| !part.is_empty())
        .collect();
        format!("{}\n", parts.join("\n\n"))
    }

    fn closing(self, facts: Facts<'_>, fixer: Option<Cost>) -> String {
        let Self { handoff, case } = self;
        let header = &case.header;
        let verdict = handoff.verdict();
        let between = facts.between().map(|between| format!(" · commits {between}")).unwrap_or_default();
        let all = cost_of(&verdict.analyst) + fixer.unwrap_or_default();
        let judged = match &verdict.analyst {
            AnalystKind::Rules if fixer.is_some() => "the cause by rules".to_owned(),
            analyst => prose(&judged(analyst)),
        };
        let cost = if all.micro_usd == 0 { String::new() } else { format!(" · {all}") };
        format!(
            "To undo this: revert the merged commit. To decline it: close this pull request, it will not be opened again.\n\
             Case `{}`, attempt {}{between} · evidence from {} to {} · confidence {}, {judged}{cost} · all of it: `rollmend show {}`",
            plain(handoff.incident().as_str(), 600),
            header.attempt,
            date_and_clock(header.from),
            clock(header.frozen_at),
            verdict.confidence.get(),
            handoff.incident(),
        )
    }
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

/// The files of a patch with what is added and removed, the rest counted.
pub(super) fn files(patch: &Patch) -> String {
    let mut files: Vec<String> = patch
        .files
        .iter()
        .take(FILES)
        .map(|file| format!("{} (+{} −{})", code(&file.path, 160), file.added, file.removed))
        .collect();
    if let Some(more) = patch.files.len().checked_sub(FILES).filter(|more| *more > 0) {
        files.push(format!("{more} more files"));
    }
    files.join(", ")
}

/// That some of the files steer tools or other agents; nothing where none does.
pub(super) fn flagged(patch: &Patch) -> String {
    if patch.flagged.is_empty() {
        return String::new();
    }
    let paths: Vec<String> = patch.flagged.iter().take(FILES).map(|path| code(path, 160)).collect();
    format!(
        "**Look twice**: {} can steer tools, builds or other agents. Read every line of that change before you merge it.",
        paths.join(", ")
    )
}

/// The verdict's other suspects as lines of a list, but those that were `tried`.
pub(super) fn others(verdict: &Verdict, tried: impl Fn(&Suspect) -> bool) -> Vec<String> {
    let others: Vec<&Suspect> = verdict.suspects.iter().filter(|other| !tried(other)).collect();
    let named = others.iter().take(OTHERS).map(|other| {
        format!("- {} {}: {}", other.sha.short(), code(&other.subject, TITLE), turned_down(other))
    });
    let more = others.len().checked_sub(OTHERS).filter(|more| *more > 0).map(|more| {
        let commits = if more == 1 { "commit" } else { "commits" };
        format!("- {more} more {commits} of the range with less against them")
    });
    named.chain(more).collect()
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
