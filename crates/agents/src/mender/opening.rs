//! What the fixer is told: where it works, what the verdict says, where to begin, and what the revert would be.

use domain::{Claim, Handoff, NoPatch, Suspect, SuspectReason};

use crate::fixer::Undone;
use crate::prompts::{Sheet, words};

/// Bytes of evidence.
const ROOM: usize = 15_000;
/// Lines of the revert's diff that are shown.
const DIFF_LINES: usize = 120;

/// The first message.
pub(super) fn opening(handoff: &Handoff, revert: &Result<Undone, NoPatch>) -> String {
    let repository = handoff.repository();
    let paths = if repository.paths.is_empty() {
        "Workflows, code owners and configuration of bots may not be changed.".to_owned()
    } else {
        format!("Only these paths may be changed: {}.", repository.paths.join(", "))
    };
    let mut sheet = Sheet::with_room(ROOM);
    verdict(&mut sheet, handoff);
    sheet.section("Commits to blame, and where to begin", handoff.suspects().iter().flat_map(suspect), 30);
    undone(&mut sheet, revert);
    format!(
        "Mend the cause in {}/{}, on top of its branch {}. {paths}\n\n{}\n\n\
         End by calling `finish`.\n",
        repository.url.owner(),
        repository.url.name(),
        repository.base,
        sheet.fenced("the verdict"),
    )
}

fn verdict(sheet: &mut Sheet, handoff: &Handoff) {
    let verdict = handoff.verdict();
    let lines = [
        format!("{}, confidence {}", verdict.category, verdict.confidence.get()),
        verdict.root_cause.clone(),
        format!("next: {}", verdict.remediation),
    ];
    sheet.section("The verdict", lines, 3);
    sheet.section("What shows it", verdict.claims.iter().map(claim), 8);
}

fn claim(claim: &Claim) -> String {
    let quote =
        claim.quote.as_deref().map(|quote| format!(", quoted: {}", words(quote, 300))).unwrap_or_default();
    let figures = match (claim.canary.as_str(), claim.stable.as_str()) {
        ("", "") => String::new(),
        (canary, stable) => format!(" (canary {canary}, stable {stable})"),
    };
    format!("{}: {}{figures}{quote}", claim.exhibit, claim.text)
}

fn suspect(suspect: &Suspect) -> Vec<String> {
    let first = format!("{} {}", suspect.sha.short(), words(&suspect.subject, 100));
    let places = suspect.reasons.iter().filter_map(|reason| match reason {
        SuspectReason::FrameInLines { file, line, .. } => {
            Some(format!("  it failed at line {line} of {} (in the canary's version)", words(file, 200)))
        }
        SuspectReason::FrameInFile { file, .. } => Some(format!("  it failed in {}", words(file, 200))),
        SuspectReason::SpecInLines { file, line, .. } => {
            Some(format!("  line {line} of {} set the value", words(file, 200)))
        }
        SuspectReason::OnlyCandidate | SuspectReason::ChangesCode | SuspectReason::Harmless => None,
    });
    let files = suspect.files.iter().take(20).map(|file| format!("  it changed {}", words(file, 200)));
    std::iter::once(first).chain(places).chain(files).collect()
}

fn undone(sheet: &mut Sheet, revert: &Result<Undone, NoPatch>) {
    match revert {
        Ok(undone) => {
            let heading = format!(
                "A revert of {} applies cleanly; this is what it would change",
                undone.suspect.sha.short()
            );
            sheet.section(&heading, undone.patch.diff.lines(), DIFF_LINES);
        }
        Err(why) => sheet.section("There is no clean revert", [format!("it failed to {why}")], 1),
    }
}
