//! Happenings in words, in columns: a mark, what it is about, the story, and when.

use std::time::Duration;

use agents::voice::plain::plain;
use agents::voice::terminal::verdict_lines;
use anstyle::{AnsiColor, Style};
use domain::Verdict;

use super::super::happening::{Digested, Evidence, Happening, Left, PatchedFile};
use super::pull_request;

/// Columns of the whole.
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

/// The lines for a happening, `elapsed` after the demo's begin.
pub(super) fn of(happening: &Happening, elapsed: Duration) -> Vec<String> {
    let row = |mark, topic, story: String| row(mark, topic, &story, elapsed);
    match happening {
        Happening::StageSet { github, .. } => row(
            Mark::Done,
            "stage",
            format!(
                "stand-ins for GitHub ({github}), Kubernetes, Argo Rollouts and Prometheus, on loopback only"
            ),
        ),
        Happening::ShopOpen { version, pods, answers, failures } => row(
            Mark::Done,
            "shop",
            format!(
                "checkout {version} serves real orders on {pods} pods: {answers} so far, {failures} failed"
            ),
        ),
        Happening::DaemonStarted { .. } => row(
            Mark::Done,
            "rollmend",
            "the daemon watches, as `rollmend serve` does; mode propose, no model".to_owned(),
        ),
        Happening::Deployed { version, commits, authors, canary_pods, pods } => row(
            Mark::Done,
            "rollout",
            format!(
                "checkout {version} goes to {canary_pods} of {pods} pods: {commits} commits by {authors} people"
            ),
        ),
        Happening::Measured { metric, phase, value, condition } => {
            let (mark, holds) =
                if phase == "Successful" { (Mark::Note, "holds") } else { (Mark::Bad, "does not hold") };
            let value = value.trim_matches(['[', ']']);
            row(mark, "analysis", format!("{metric} is {}: {condition} {holds}", shortened(value)))
        }
        Happening::TroubleSeen { incident, troubles } => {
            row(Mark::Note, "trouble", format!("{}: incident {incident}", troubles.join(", ")))
        }
        Happening::Aborted { message } => row(Mark::Bad, "rollout", message.clone()),
        Happening::EvidenceFrozen(evidence) => row(Mark::Done, "evidence", frozen(evidence)),
        Happening::Digested(digested) => row(Mark::Done, "digest", differences(digested)),
        Happening::CauseFound { verdict } => cause(verdict, elapsed),
        Happening::PatchMade { reverts, commit, files, base } => row(
            Mark::Done,
            "revert",
            format!("{reverts} {commit} undone on top of {base}: {}", changed(files)),
        ),
        Happening::CouldNotGoOn { reason } => row(Mark::Bad, "stopped", reason.clone()),
        Happening::PullRequestOpened { number, url, .. } => {
            row(Mark::Done, "proposed", format!("draft pull request {number}: {url}"))
        }
        Happening::EventWritten { kind, reason, message } => row(
            Mark::Done,
            "event",
            format!("on the Rollout, for `kubectl describe`: {kind} {reason}: {message}"),
        ),
        Happening::GateAnswered { status, promote, confidence, analysis } => {
            let story = format!(
                "asked as the metric plugin asks: {status}, promote {promote}, confidence {confidence}. {analysis}"
            );
            row(if *promote { Mark::Done } else { Mark::Bad }, "gate", story)
        }
        Happening::Promoted { version, answers, failures } => row(
            Mark::Done,
            "rollout",
            format!("promoted: checkout {version} is stable; {answers} orders in all, {failures} failed"),
        ),
        Happening::NothingHappened { incidents, pull_requests } => row(
            Mark::Done,
            "nothing",
            format!(
                "{incidents} incidents, {pull_requests} pull requests: a canary without trouble is no news"
            ),
        ),
        Happening::PullRequestRead { title, head, base, author, labels, body, diff } => {
            pull_request::lines(&pull_request::Page { title, head, base, author, labels, body, diff })
        }
        Happening::Left(left) => remains(left),
    }
}

fn frozen(evidence: &Evidence) -> String {
    let Evidence { at_end, exhibits, canary_lines, stable_lines, canary_pods, stable_pods, missing, .. } =
        evidence;
    let when = if *at_end { "whole" } else { "frozen while the canary is there" };
    let missing = if *missing == 0 { String::new() } else { format!(", {missing} not to be had") };
    format!(
        "{when}: {exhibits} exhibits{missing}, {canary_lines} log lines of {} and {stable_lines} of {stable_pods} stable",
        counted(u64::from(*canary_pods), "canary pod")
    )
}

fn differences(digested: &Digested) -> String {
    let Digested { new_traces, new_templates, metrics, commits, suspects } = digested;
    let count = |number: &usize, what| counted(u64::try_from(*number).unwrap_or(u64::MAX), what);
    format!(
        "{}, {}, {} worse; {commits} commits lie between, {suspects} of them may be to blame",
        count(new_traces, "new stack trace"),
        count(new_templates, "new log template"),
        count(metrics, "metric"),
    )
}

fn changed(files: &[PatchedFile]) -> String {
    let files: Vec<String> =
        files.iter().map(|file| format!("{} (+{} −{})", file.path, file.added, file.removed)).collect();
    files.join(", ")
}

fn cause(verdict: &Verdict, elapsed: Duration) -> Vec<String> {
    let mut told = verdict_lines(verdict, WIDTH).into_iter();
    let mut lines = row(Mark::Done, "cause", &told.next().unwrap_or_default(), elapsed);
    lines.extend(told);
    lines.push(String::new());
    lines
}

fn remains(left: &Left) -> Vec<String> {
    let Left { folder, configuration, case, incident, log, checkout, branch, .. } = left;
    let config = configuration.display();
    let mut lines =
        vec![String::new(), format!("Everything has ended; what is left lies in {}", folder.display())];
    if let Some(case) = case {
        lines.push(format!("  the case file    {}", case.display()));
    }
    lines.push(format!("  the journal      {}", left.journal.display()));
    lines.push(format!("  the daemon's log {}", log.display()));
    lines.push(format!("  the shop's code  {}", checkout.display()));
    lines.push("Look closer".to_owned());
    lines.push(format!("  rollmend incidents --config {config}"));
    if let Some(incident) = incident {
        lines.push(format!("  rollmend show {incident} --config {config}"));
    }
    if let Some(branch) = branch {
        lines.push(format!("  git -C {} log -p main..origin/{branch}", checkout.display()));
    }
    lines
}

/// A row of the table: the story wraps under itself, the time stands at the right of its first line.
fn row(mark: Mark, topic: &str, story: &str, elapsed: Duration) -> Vec<String> {
    let mut lines = wrapped(&plain(story, 2_000), WIDTH - INDENT - TIME).into_iter();
    let first = lines.next().unwrap_or_default();
    let time = format!("{:.1} s", elapsed.as_secs_f64());
    let style = mark.style();
    let dim = Style::new().dimmed();
    let story_width = WIDTH - INDENT - TIME;
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
        let lines = row(Mark::Note, "topic", story, Duration::from_millis(12_340));
        let plain: Vec<String> =
            lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        assert_eq!(
            plain,
            [
                "· topic     a story that is longer than one line of the table can be, so that its last words      12.3 s",
                "            stand below its first ones",
            ]
        );
    }

    #[test]
    fn one_is_told_from_many() {
        assert_eq!([counted(0, "pod"), counted(1, "pod"), counted(2, "pod")], ["0 pods", "1 pod", "2 pods"]);
    }
}
