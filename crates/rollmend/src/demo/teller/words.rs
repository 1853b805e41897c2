//! Happenings in words, in columns: a mark, what it is about, the story, and when.

use std::time::Duration;

use agents::voice::plain::plain;
use agents::voice::terminal::verdict_lines;
use anstyle::{AnsiColor, Style};
use domain::{PatchKind, Verdict};

use super::super::happening::{Digested, Evidence, Happening, Left, PatchedFile};
use super::pull_request;

/// Columns of the whole, where there is room.
pub(super) const WIDTH: usize = 100;
/// Columns of what a line is about, its blank included.
const TOPIC: usize = 10;
/// Columns before the story: mark, blank, topic.
const INDENT: usize = 2 + TOPIC;
/// Columns of the time at the end.
const TIME: usize = 8;

/// What kind of news it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Done,
    Bad,
    Note,
}

/// The lines for a happening, `elapsed` after the demo's begin, in so many columns.
pub(super) fn of(happening: &Happening, elapsed: Duration, width: usize) -> Vec<String> {
    match happening {
        Happening::CauseFound { verdict } => cause(verdict, elapsed, width),
        Happening::PullRequestRead(page) => pull_request::lines(page, width),
        Happening::Left(left) => remains(left),
        other => {
            let told = on_stage(other).or_else(|| in_daemon(other)).or_else(|| said(other));
            let told = told.map(|(mark, topic, story)| row(mark, topic, &story, elapsed, width));
            told.unwrap_or_default()
        }
    }
}

/// A row: its mark, what it is about, and the story.
type Row = (Mark, &'static str, String);

/// What is seen on the stage, by anyone.
fn on_stage(happening: &Happening) -> Option<Row> {
    Some(match happening {
        Happening::StageSet { .. } => (
            Mark::Done,
            "stage",
            "stand-ins for Kubernetes, Argo Rollouts, Prometheus, and GitHub with acme/shop".to_owned(),
        ),
        Happening::ShopOpen { version, pods, answers, failures } => {
            let fared = format!("{answers} answered, {failures} failed");
            (Mark::Done, "shop", format!("checkout {version} serves real orders on {pods} pods: {fared}"))
        }
        Happening::DaemonStarted { model, .. } => {
            let model = model.as_ref().map_or("no model".to_owned(), |name| format!("the model {name}"));
            (Mark::Done, "rollmend", format!("watches, as `rollmend serve` does: mode propose, {model}"))
        }
        Happening::Deployed { version, commits, authors, canary_pods, pods } => {
            let commits = format!("{commits} commits by {authors} people");
            (
                Mark::Done,
                "rollout",
                format!("checkout {version} goes to {canary_pods} of {pods} pods: {commits}"),
            )
        }
        Happening::Measured { metric, phase, message, .. } if phase == "Error" => {
            (Mark::Bad, "analysis", format!("{metric} could not be measured: {message}"))
        }
        Happening::Measured { metric, phase, value, condition, .. } => {
            measured(metric, phase, value, condition)
        }
        Happening::Aborted { message } => (Mark::Bad, "rollout", message.clone()),
        Happening::Promoted { version, answers, failures } => {
            let fared = format!("{answers} orders in all, {failures} failed");
            (Mark::Done, "rollout", format!("promoted: checkout {version} is stable; {fared}"))
        }
        _ => return None,
    })
}

/// What the daemon does.
fn in_daemon(happening: &Happening) -> Option<Row> {
    Some(match happening {
        Happening::TroubleSeen { incident, troubles } => {
            (Mark::Note, "trouble", format!("{}: incident {incident}", troubles.join(", ")))
        }
        Happening::EvidenceFrozen(evidence) => (Mark::Done, "evidence", frozen(evidence)),
        Happening::Digested(digested) => (Mark::Done, "digest", differences(digested)),
        Happening::CauseSuspected { category, confidence, root_cause } => {
            (Mark::Note, "cause", format!("{category}, confidence {confidence} so far: {root_cause}"))
        }
        Happening::PatchMade { kind, reverts, commit, files, base } => {
            patched(*kind, &format!("{reverts} {commit}"), &format!("{base}: {}", changed(files)))
        }
        Happening::CouldNotGoOn { reason } => (Mark::Bad, "stopped", reason.clone()),
        Happening::PullRequestOpened { number, url, .. } => {
            (Mark::Done, "proposed", format!("draft pull request {number}: {url}"))
        }
        _ => return None,
    })
}

/// What the daemon tells others.
fn said(happening: &Happening) -> Option<Row> {
    Some(match happening {
        Happening::EventWritten { kind, reason, message } => {
            (Mark::Done, "event", format!("for `kubectl describe rollout`: {kind} {reason}: {message}"))
        }
        Happening::GateAnswered { status, promote, confidence, analysis } => {
            let mark = if *promote { Mark::Done } else { Mark::Bad };
            let answer = format!("{status}, promote {promote}, confidence {confidence}");
            (mark, "gate", format!("asked as the metric plugin asks: {answer}. {analysis}"))
        }
        Happening::Explained { incidents, pull_requests } => {
            let count = format!("{}, {pull_requests} pull requests", counted(*incidents as u64, "incident"));
            (Mark::Done, "outcome", format!("explained: {count}; the shop's code is not to blame"))
        }
        Happening::NothingHappened { incidents, pull_requests } => {
            let count = format!("{incidents} incidents, {pull_requests} pull requests");
            (
                Mark::Done,
                "outcome",
                format!("nothing to explain: {count}; a canary without trouble is no news"),
            )
        }
        _ => return None,
    })
}

/// What was made of a commit, and where.
fn patched(kind: PatchKind, commit: &str, place: &str) -> Row {
    match kind {
        PatchKind::Revert => (Mark::Done, "revert", format!("{commit} undone on top of {place}")),
        PatchKind::RevertedHunks => (
            Mark::Done,
            "set back",
            format!("one value of {commit}, the rest of it stays; on top of {place}"),
        ),
        PatchKind::Edits => (Mark::Done, "patch", format!("what {commit} brought, mended on top of {place}")),
    }
}

fn measured(metric: &str, phase: &str, value: &str, condition: &str) -> Row {
    let (mark, holds) =
        if phase == "Successful" { (Mark::Note, "holds") } else { (Mark::Bad, "does not hold") };
    let value = shortened(value.trim_matches(['[', ']']));
    (mark, "analysis", format!("{metric} is {value}: {condition} {holds}"))
}

fn frozen(evidence: &Evidence) -> String {
    let Evidence { exhibits, canary_lines, stable_lines, missing, .. } = evidence;
    let when = match (evidence.at_end, evidence.canary_pods_left) {
        (false, _) => "frozen at the trouble",
        (true, 0) => "complete, though the canary's pod is gone",
        (true, _) => "complete",
    };
    let missing = if *missing == 0 { String::new() } else { format!(", {missing} not to be had") };
    let stable = counted(u64::from(evidence.stable_pods), "stable pod");
    format!(
        "{when}: {exhibits} exhibits{missing}, {canary_lines} log lines of the canary, {stable_lines} of {stable}"
    )
}

fn differences(digested: &Digested) -> String {
    let Digested { new_traces, new_templates, metrics, unmeasured, commits, suspects } = digested;
    let count = |number: &usize, what| counted(u64::try_from(*number).unwrap_or(u64::MAX), what);
    let unmeasured = if *unmeasured == 0 {
        String::new()
    } else {
        format!(", {} without data", count(unmeasured, "metric"))
    };
    format!(
        "{}, {}, {} worse{unmeasured}; of {} between the two, {suspects} with evidence of its own",
        count(new_traces, "new stack trace"),
        count(new_templates, "new error line"),
        count(metrics, "metric"),
        counted(*commits, "commit"),
    )
}

fn changed(files: &[PatchedFile]) -> String {
    let files: Vec<String> =
        files.iter().map(|file| format!("{} (+{} −{})", file.path, file.added, file.removed)).collect();
    files.join(", ")
}

fn cause(verdict: &Verdict, elapsed: Duration, width: usize) -> Vec<String> {
    let mut told = verdict_lines(verdict, width).into_iter();
    let mut lines = row(Mark::Done, "cause", &told.next().unwrap_or_default(), elapsed, width);
    lines.extend(told);
    lines.push(String::new());
    lines
}

fn remains(left: &Left) -> Vec<String> {
    let config = left.configuration.display();
    let checkout = left.checkout.display();
    let case = left.case.as_ref().map(|case| format!("  case file   {}", case.display()));
    let show = left.incident.as_ref().map(|incident| format!("  rollmend show {incident} --config {config}"));
    let log = left.branch.as_ref().map(|branch| format!("  git -C {checkout} log -p main..origin/{branch}"));
    let lines = [
        Some(String::new()),
        Some(format!("Everything has ended. What is left lies in {}", left.folder.display())),
        case,
        Some(format!("  journal     {}", left.journal.display())),
        Some(format!("  daemon log  {}", left.log.display())),
        Some(format!("  shop's code {checkout}")),
        Some("Look closer".to_owned()),
        Some(format!("  rollmend incidents --config {config}")),
        show,
        log,
    ];
    lines.into_iter().flatten().collect()
}

/// A row of the table: the story wraps under itself, the time stands at the right of its first line.
fn row(mark: Mark, topic: &str, story: &str, elapsed: Duration, width: usize) -> Vec<String> {
    let story_width = width.saturating_sub(INDENT + TIME);
    let mut lines = wrapped(&plain(story, 2_000), story_width).into_iter();
    let first = lines.next().unwrap_or_default();
    let time = format!("{:.1} s", elapsed.as_secs_f64());
    let style = mark.style();
    let dim = Style::new().dimmed();
    let first = format!(
        "{style}{}{style:#} {topic:<TOPIC$}{first:<story_width$}{dim}{time:>TIME$}{dim:#}",
        mark.sign()
    );
    std::iter::once(first).chain(lines.map(|line| format!("{:INDENT$}{line}", ""))).collect()
}

impl Mark {
    fn sign(self) -> char {
        match self {
            Mark::Done => '✓',
            Mark::Bad => '✗',
            Mark::Note => '·',
        }
    }

    fn style(self) -> Style {
        match self {
            Mark::Done => AnsiColor::Green.on_default(),
            Mark::Bad => AnsiColor::Red.on_default(),
            Mark::Note => Style::new().dimmed(),
        }
    }
}

/// Words in lines of at most `width` characters; a longer word has a line of its own.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `1 pod`, `2 pods`.
fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// A number with three decimals at most.
fn shortened(value: &str) -> String {
    value.parse::<f64>().map_or_else(|_| plain(value, 60), |number| format!("{number:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_wraps_under_itself_and_the_time_stands_at_the_right() {
        let story = "a story that is longer than one line of the table can be, so that its last words stand below its first ones";
        let lines = row(Mark::Note, "topic", story, Duration::from_millis(12_340), WIDTH);
        let plain: Vec<String> =
            lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        let first =
            "· topic     a story that is longer than one line of the table can be, so that its last words";
        let second = "            stand below its first ones";
        assert_eq!(plain, [format!("{first:<92}  12.3 s"), second.to_owned()]);
    }

    #[test]
    fn one_is_told_from_many() {
        assert_eq!([counted(0, "pod"), counted(1, "pod"), counted(2, "pod")], ["0 pods", "1 pod", "2 pods"]);
    }
}
