//! Which commits of the range may be to blame, frames that meet changed lines first.
//!
//! Right in what it claims: the evidence against a commit stands on its own only where the canary descends from stable, the
//! range was read whole, and the trouble is new on the canary; a file that could be two is said to be so and nobody is blamed.

mod harmless;
mod paths;
mod values;

use domain::{
    Ancestry, Commit, CommitRange, Frame, FrameOwner, Grounds, Novelty, PodFinding, SpecChange, Suspect,
    SuspectReason, TraceFinding,
};

use crate::excerpt;
pub(crate) use harmless::is_harmless;
use paths::Place;

/// Scores, from 0 (innocent) to 100 (certain). A commit has its best one.
mod score {
    /// The innermost own frame of a trace that is new on the canary lies in lines that only this commit changed.
    pub(super) const FRAME_IN_ITS_LINES: u8 = 95;
    /// It is the only commit outside documentation and tests, and the trouble is new on the canary.
    pub(super) const ONLY_CANDIDATE: u8 = 85;
    /// As the first, but others changed the line too, or the trace is not new, only more frequent.
    pub(super) const FRAME_IN_LINES: u8 = 75;
    /// An outer own frame lies in lines that it changed.
    pub(super) const OUTER_FRAME_IN_LINES: u8 = 65;
    /// The innermost own frame lies in a file that it changed.
    pub(super) const FRAME_IN_FILE: u8 = 50;
    /// It made a difference of the two pod templates; whether that explains the trouble is the analyst's question.
    pub(super) const VALUE_IN_LINES: u8 = 45;
    /// An outer own frame does.
    pub(super) const OUTER_FRAME_IN_FILE: u8 = 40;
    /// It is the only commit outside documentation and tests; whether the trouble is new is not known.
    pub(super) const ONLY_ONE: u8 = 35;
    /// It changes code or configuration.
    pub(super) const CHANGES_CODE: u8 = 20;
    /// It changes documentation or tests only.
    pub(super) const HARMLESS: u8 = 5;
}

/// Suspects kept before packing.
const SUSPECTS: usize = 10;
/// Paths of a suspect that are shown.
const FILES: usize = 20;
/// Reasons of a suspect that are shown.
const REASONS: usize = 6;

/// Whether the trouble is on the canary only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TroubleIs {
    /// It is.
    New,
    /// It is not, or that is not known.
    NotKnownToBeNew,
}

/// What commits are held against.
#[derive(Clone, Copy)]
pub(crate) struct Against<'a> {
    /// The traces.
    pub(crate) traces: &'a [TraceFinding],
    /// The differences of the pod templates.
    pub(crate) changes: &'a [SpecChange],
    /// What Kubernetes says of the pods.
    pub(crate) pods: &'a [PodFinding],
    /// Whether the trouble is on the canary only.
    pub(crate) trouble: TroubleIs,
}

/// The suspects, most suspicious first, and what could not be told.
pub(crate) fn of(range: &CommitRange, against: Against<'_>) -> (Vec<Suspect>, Vec<String>) {
    let mut said = Vec::new();
    let mut accusations = accusations(range, against.traces, &mut said);
    accusations.extend(values::accusations(range, against.changes, against.pods));
    let candidates = range.commits.iter().filter(|commit| !is_harmless(commit)).count();
    let only = candidates == 1 && range.left_out == 0;
    let mut suspects: Vec<Suspect> = range
        .commits
        .iter()
        .map(|commit| {
            let mine = accusations.iter().filter(|accusation| accusation.commit.sha == commit.sha);
            suspect(range, commit, mine, if only { Some(against.trouble) } else { None })
        })
        .collect();
    suspects.sort_by_key(|suspect| std::cmp::Reverse(suspect.score));
    suspects.truncate(SUSPECTS);
    said.extend(standing_of(range));
    (suspects, said)
}

/// A frame of a trace, or a difference of the pod templates, that meets a commit's changes.
struct Accusation<'a> {
    commit: &'a Commit,
    reason: SuspectReason,
    score: u8,
    grounds: Grounds,
}

fn accusations<'a>(
    range: &'a CommitRange,
    traces: &[TraceFinding],
    said: &mut Vec<String>,
) -> Vec<Accusation<'a>> {
    let mut found = Vec::new();
    for trace in traces.iter().filter(|trace| trace.novelty.is_against_canary()) {
        let own = trace.frames.iter().filter(|frame| frame.owner == FrameOwner::Service);
        for (at, frame) in own.enumerate() {
            let depth = if at == 0 { Depth::Innermost } else { Depth::Outer };
            match paths::place(range, frame) {
                Place::Changed(path) => found.extend(meets(range, trace, frame, &path, depth)),
                Place::Ambiguous(files) if depth == Depth::Innermost => said.push(format!(
                    "{} could be any of {files} changed files, so no commit is blamed for it",
                    excerpt::bounded(&frame.file, 120)
                )),
                Place::Ambiguous(_) | Place::Unchanged => {}
            }
        }
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Innermost,
    Outer,
}

/// What a frame in a changed file says of each commit that changed the file.
fn meets<'a>(
    range: &'a CommitRange,
    trace: &TraceFinding,
    frame: &Frame,
    path: &str,
    depth: Depth,
) -> Vec<Accusation<'a>> {
    let changes_line = |commit: &Commit| {
        frame.line.is_some_and(|line| {
            let mut lines = commit.files.iter().filter(|file| file.path == path).flat_map(|file| &file.lines);
            lines.any(|lines| lines.contains(line))
        })
    };
    let of_line: Vec<&Commit> = range.commits.iter().filter(|commit| changes_line(commit)).collect();
    let of_file = range.commits.iter().filter(|commit| commit.files.iter().any(|file| file.path == path));
    of_file
        .map(|commit| {
            let is_alone = of_line.len() == 1 && is_whole(range, commit);
            let in_lines = changes_line(commit);
            let is_new = trace.novelty == Novelty::New && range.ancestry == Ancestry::Descendant;
            let stands = in_lines && is_alone && depth == Depth::Innermost && is_new;
            Accusation {
                commit,
                reason: reason(trace, frame.line.filter(|_| in_lines), path),
                score: match (in_lines, depth) {
                    _ if stands => score::FRAME_IN_ITS_LINES,
                    (true, Depth::Innermost) => score::FRAME_IN_LINES,
                    (true, Depth::Outer) => score::OUTER_FRAME_IN_LINES,
                    (false, Depth::Innermost) => score::FRAME_IN_FILE,
                    (false, Depth::Outer) => score::OUTER_FRAME_IN_FILE,
                },
                grounds: if stands { Grounds::FrameInItsLines } else { Grounds::Weak },
            }
        })
        .collect()
}

fn reason(trace: &TraceFinding, changed_line: Option<u32>, path: &str) -> SuspectReason {
    let (file, exhibit) = (excerpt::bounded(path, 200), trace.exhibit);
    match changed_line {
        Some(line) => SuspectReason::FrameInLines { file, line, exhibit },
        None => SuspectReason::FrameInFile { file, exhibit },
    }
}

/// Whether every change that another commit may have made is known.
fn is_whole(range: &CommitRange, commit: &Commit) -> bool {
    range.left_out == 0
        && range.commits.iter().all(|other| other.sha == commit.sha || other.files_left_out == 0)
}

fn suspect<'a>(
    range: &CommitRange,
    commit: &Commit,
    accusations: impl Iterator<Item = &'a Accusation<'a>>,
    only: Option<TroubleIs>,
) -> Suspect {
    let is_candidate = !is_harmless(commit);
    let base = if is_candidate {
        (score::CHANGES_CODE, SuspectReason::ChangesCode)
    } else {
        (score::HARMLESS, SuspectReason::Harmless)
    };
    let (mut score, mut grounds, mut reasons) = (base.0, Grounds::Weak, Vec::new());
    for accusation in accusations {
        if accusation.grounds == Grounds::FrameInItsLines {
            grounds = Grounds::FrameInItsLines;
        }
        score = score.max(accusation.score);
        if reasons.len() < REASONS && !reasons.contains(&accusation.reason) {
            reasons.push(accusation.reason.clone());
        }
    }
    if let (true, Some(trouble)) = (is_candidate, only) {
        let stands = trouble == TroubleIs::New && range.ancestry == Ancestry::Descendant;
        score = score.max(if stands { score::ONLY_CANDIDATE } else { score::ONLY_ONE });
        if stands && grounds == Grounds::Weak {
            grounds = Grounds::OnlyCandidate;
        }
        reasons.push(SuspectReason::OnlyCandidate);
    }
    reasons.push(base.1);
    Suspect {
        sha: commit.sha.clone(),
        subject: excerpt::bounded(&commit.subject, 120),
        score,
        reasons,
        grounds,
        files: commit.files.iter().take(FILES).map(|file| excerpt::bounded(&file.path, 200)).collect(),
    }
}

fn standing_of(range: &CommitRange) -> Vec<String> {
    let mut said = Vec::new();
    match range.ancestry {
        Ancestry::Descendant => {}
        Ancestry::Same => said.push("canary and stable are the same commit: no commit is blamed".to_owned()),
        Ancestry::Older => {
            said.push("the canary's commit is older than stable's: no commit is blamed".to_owned());
        }
        Ancestry::Diverged => {
            said.push("the canary's commit does not descend from stable's: no commit is blamed".to_owned());
        }
    }
    if range.left_out > 0 {
        said.push(format!("{} commits of the range", excerpt::thousands(range.left_out)));
    }
    let files: u64 = range.commits.iter().map(|commit| commit.files_left_out).sum();
    if files > 0 {
        said.push(format!("{} changed files of the range", excerpt::thousands(files)));
    }
    said
}
