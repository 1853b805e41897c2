//! What became of the patch, for people and for machines.

use agents::voice::plain::plain;
use anstyle::{AnsiColor, Style};
use domain::{PatchKind, Proposal, PullRequest, with_hidden_shown};
use miette::miette;
use orchestrator::Offered;
use serde_json::{Value, json};
use tool_repo::HandedOver;

use super::{Asked, Done, Outcome, Outlet, Question, Spent};
use crate::commands::steps::{Mark, Steps};
use crate::commands::telling::{model, spent as spent_json};
use crate::commands::words::count;
use crate::config::Fixer;
use crate::console::{print, print_json};

/// Files that a row names.
const MOST_FILES: usize = 3;

/// The row of a patch that was made.
pub(super) fn patch(
    proposal: &Proposal,
    spent: Spent,
    fixer: Option<&Fixer>,
    steps: Steps,
) -> miette::Result<()> {
    let Proposal { patch, .. } = proposal;
    let suspect = patch.reverts.short();
    let kind = match patch.kind {
        PatchKind::Revert => format!("undoes {suspect}"),
        PatchKind::RevertedHunks => format!("sets back what {suspect} changed"),
        PatchKind::Edits => format!("mends {suspect} by edits"),
    };
    let named = patch.files.iter().take(MOST_FILES);
    let mut files: Vec<String> =
        named.map(|file| format!("{} +{} −{}", plain(&file.path, 80), file.added, file.removed)).collect();
    if patch.files.len() > MOST_FILES {
        files.push(format!("{} in all", count(patch.files.len() as u64, "file")));
    }
    let words = format!("{kind} on {}: {}", patch.base, files.join(", "));
    match fixer {
        Some(fixer) if spent.used.calls + spent.used.failures > 0 => {
            let by = match patch.kind {
                PatchKind::Edits => format!("by {}", model(&fixer.model, spent.used)),
                _ => format!("instead of a patch by {}", model(&fixer.model, spent.used)),
            };
            steps.end_paid(Mark::Good, "patch", &format!("{words}, {by}"), spent.took, spent.used.cost)
        }
        _ => steps.end(Mark::Good, "patch", &words, Some(spent.took)),
    }
}

/// How it ended.
pub(super) fn end(
    question: &Question,
    asked: Option<&Asked>,
    outcome: &Outcome,
    spent: Spent,
    outlet: &Outlet,
    steps: Steps,
) -> miette::Result<()> {
    match (outlet, outcome) {
        (Outlet::Bare, Outcome::NoPatch(why)) => Err(miette!("there is no patch: {}", plain(why, 1_000))),
        (Outlet::Bare, _) => Ok(()),
        _ if steps == Steps::Silent => print_json(&as_json(question, asked, outcome, spent)),
        _ => for_people(outcome, steps),
    }
}

fn for_people(outcome: &Outcome, steps: Steps) -> miette::Result<()> {
    match outcome {
        Outcome::Sound(why) => print([format!("  Nothing to mend: {why}.")]),
        Outcome::NoPatch(why) => steps.end(Mark::Bad, "no patch", why, None),
        Outcome::Patch(proposal, done) => delivered(proposal, done, steps),
    }
}

fn delivered(proposal: &Proposal, done: &Done, steps: Steps) -> miette::Result<()> {
    let branch = &proposal.branch;
    match done {
        Done::Shown => {
            print([format!("\n{}\n", plain(&proposal.title, 300))])?;
            print(proposal.patch.diff.lines().map(painted))?;
            let words =
                "Nothing was changed. `--output FILE` writes the patch, `--into CLONE` makes the branch";
            print([format!("\n  {words} {branch}, `--open` opens the pull request.")])
        }
        Done::Written(file) => {
            let words = format!("{}: apply it with git apply", file.display());
            steps.end(Mark::Good, "written", &words, None)
        }
        Done::Branch(into, handed) => {
            let was = match handed {
                HandedOver::Created => "is new",
                HandedOver::AlreadyThere => "was there already, with this commit",
            };
            let look = format!("git -C {} show {branch}", into.display());
            steps.end(Mark::Good, "branch", &format!("{branch} {was}; see it with {look}"), None)
        }
        Done::Offered(offered) => {
            let (mark, was, pull) = told(offered);
            steps.end(mark, "offered", &format!("{} {was}", pull.url), None)
        }
    }
}

fn told(offered: &Offered) -> (Mark, &'static str, &PullRequest) {
    match offered {
        Offered::Opened(pull) => (Mark::Good, "is open, as a draft", pull),
        Offered::AlreadyOpen(pull) => (Mark::Note, "is open already for the same commit", pull),
        Offered::Declined(pull) => {
            (Mark::Bad, "was closed unmerged: a person said no, and it is not opened again", pull)
        }
    }
}

/// A line of a diff, in colour where there is a terminal. What would steer it is shown by its number.
fn painted(line: &str) -> String {
    let shown = with_hidden_shown(line.chars());
    let colour = match line.as_bytes() {
        [b'+', ..] if !line.starts_with("+++") => AnsiColor::Green,
        [b'-', ..] if !line.starts_with("---") => AnsiColor::Red,
        [b'@', ..] => AnsiColor::Cyan,
        _ => return shown,
    };
    let style = Style::new().fg_color(Some(colour.into()));
    format!("{style}{shown}{style:#}")
}

/// Keys are only ever added.
fn as_json(question: &Question, asked: Option<&Asked>, outcome: &Outcome, spent: Spent) -> Value {
    let (patch, done, why) = match outcome {
        Outcome::Sound(why) | Outcome::NoPatch(why) => (Value::Null, Value::Null, Some(why)),
        Outcome::Patch(proposal, done) => {
            let Proposal { repository, branch, patch, title, body } = proposal.as_ref();
            let patch = json!({
                "repository": repository.url, "branch": branch, "kind": patch.kind, "base": patch.base,
                "base_commit": patch.base_commit, "commit": patch.commit, "suspect": patch.reverts, "files": patch.files,
                "flagged": patch.flagged, "diff": patch.diff, "title": title, "body": body,
            });
            (patch, done_json(done), None)
        }
    };
    let identity = asked.map(|asked| &asked.case.header.identity);
    json!({
        "rollout": identity.map(|identity| identity.rollout.to_string()),
        "canary": identity.map(|identity| &identity.canary),
        "standing": asked.map(|asked| asked.judgement.brief.standing),
        "verdict": asked.map(Asked::verdict),
        "patch": patch, "done": done, "why": why, "notes": question.notes(),
        "models": {
            "verdict": asked.map(|asked| spent_json(asked.used)), "patch": spent_json(spent.used),
        },
    })
}

fn done_json(done: &Done) -> Value {
    match done {
        Done::Shown => json!({"kind": "shown"}),
        Done::Written(file) => json!({"kind": "written", "file": file}),
        Done::Branch(into, handed) => {
            json!({"kind": "branch", "into": into, "new": *handed == HandedOver::Created})
        }
        Done::Offered(offered) => {
            let (kind, pull) = match offered {
                Offered::Opened(pull) => ("opened", pull),
                Offered::AlreadyOpen(pull) => ("already-open", pull),
                Offered::Declined(pull) => ("declined", pull),
            };
            json!({"kind": kind, "pull_request": pull.url, "number": pull.number})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_shown_by_its_number() {
        assert_eq!(painted(" a\t\u{1b}[2J\u{202e}b"), " a\t⟦U+001B⟧[2J⟦U+202E⟧b");
    }
}
