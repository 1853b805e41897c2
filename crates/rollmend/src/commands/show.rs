//! `rollmend show`.

use std::path::Path;

use agents::voice::plain::plain;
use agents::voice::terminal::verdict_lines;
use chrono::{DateTime, Utc};
use domain::ports::{CaseStore, Journal, RecordedEvent};
use domain::workflow::{Event, Run};
use domain::{CaseFile, Exhibit, ExhibitBody, LogExcerpt};
use miette::miette;
use serde_json::json;
use store::{CaseFolder, SqliteJournal};

use super::incident::find;
use super::listing::{ago, reason};
use super::words::count;
use crate::cli::ShowOptions;
use crate::config::Config;
use crate::console::{Ending, print, print_json};

/// The width of prose.
const WIDTH: usize = 110;

pub(crate) async fn run(path: &Path, options: &ShowOptions) -> miette::Result<Ending> {
    let config = Config::read(path)?;
    let journal = SqliteJournal::read_only(&config.daemon.journal)
        .await
        .map_err(|error| miette!("failed to {error}"))?;
    let runs = journal.runs().await.map_err(|failure| miette!("{}", failure.sentence()))?;
    let run = find(&runs, &options.incident)?;
    let cases = CaseFolder::open(&config.daemon.cases).map_err(|error| miette!("failed to {error}"))?;
    let id = run.last_case.as_ref().or(run.first_case.as_ref());
    let case = match id {
        Some(id) => Some(cases.get(id).await),
        None => None,
    };
    if let Some(number) = &options.exhibit {
        let case = case.ok_or_else(|| miette!("{} has no case file yet", run.id))?;
        let case = case.map_err(|failure| miette!("{}", failure.sentence()))?;
        return exhibit(&case, number);
    }
    let history = journal.history(&run.id).await.map_err(|failure| miette!("{}", failure.sentence()))?;
    if options.json {
        let case = case.transpose().map_err(|failure| miette!("{}", failure.sentence()))?;
        print_json(&json!({ "incident": run, "history": history, "case": case }))?;
        return Ok(Ending::Done);
    }
    print(story(run, Utc::now()))?;
    print(timeline(run, &history))?;
    if let (Some(id), Some(case)) = (id, case) {
        match case {
            Ok(case) => print(contents(&case, &cases.path(id).display().to_string()))?,
            Err(failure) => print([String::new(), failure.sentence()])?,
        }
    }
    Ok(Ending::Done)
}

fn story(run: &Run, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = vec![
        format!("{}: {}, changed {}", run.id, run.state.name(), ago(run.changed_at, now)),
        format!("Rollout {}, canary {}, attempt {}", run.identity.rollout, run.identity.canary, run.attempt),
        String::new(),
    ];
    if let Some(verdict) = &run.verdict {
        lines.extend(verdict_lines(verdict, WIDTH));
        lines.push(String::new());
    }
    if let Some((_, pull_request)) = &run.proposed {
        lines.push(format!("Pull request {}", pull_request.url));
    }
    lines.extend(reason(&run.state).map(|why| plain(why, 1_000)));
    lines
}

fn timeline(run: &Run, history: &[RecordedEvent]) -> Vec<String> {
    let mut lines = vec![String::new(), "What happened".to_owned()];
    lines.extend(history.iter().map(|recorded| {
        let after = (recorded.at - run.opened_at).num_milliseconds();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of an incident are far below 2^53")]
        let after = after as f64 / 1_000.0;
        format!(
            "  {}  {after:>8.1} s  {}",
            recorded.at.format("%Y-%m-%d %H:%M:%S"),
            happened(&recorded.event)
        )
    }));
    lines
}

fn happened(event: &Event) -> String {
    match event {
        Event::Detected { detection } => {
            let troubles: Vec<String> =
                detection.troubles.iter().map(|trouble| plain(&trouble.class(), 200)).collect();
            format!("trouble: {}", troubles.join(", "))
        }
        Event::RunEnded { .. } => "the run ended".to_owned(),
        Event::CaseFrozen { case, .. } => {
            format!("case file {}", case.as_str().get(..12).unwrap_or_default())
        }
        Event::VerdictReached { verdict, .. } => {
            format!("verdict: {}, confidence {}", verdict.category, verdict.confidence.get())
        }
        Event::PatchMade { proposal } => format!("patch: revert of {}", proposal.patch.reverts.short()),
        Event::PatchRefused { why } => format!("no patch: failed to {}", plain(&why.to_string(), 300)),
        Event::ProposalOpened { pull_request, .. } => format!("pull request {}", pull_request.url),
        Event::ProposalDeclined { pull_request } => {
            format!("not opened again: {} was closed unmerged", pull_request.url)
        }
        Event::Retried { .. } => "retried".to_owned(),
        Event::Passed => "passed".to_owned(),
        Event::Superseded { by: Some(hash) } => format!("superseded by {hash}"),
        Event::Superseded { by: None } => "the Rollout is gone".to_owned(),
        Event::EffectDone => "announced".to_owned(),
        Event::EffectFailed { reason } => plain(reason, 300),
    }
}

fn contents(case: &CaseFile, path: &str) -> Vec<String> {
    let mut lines = vec![String::new(), format!("Case file {path}")];
    lines.extend(case.exhibits.iter().map(|exhibit| {
        let line =
            format!("  {:<4} {:<60} {}", exhibit.id.to_string(), plain(&exhibit.source, 120), size(exhibit));
        line.trim_end().to_owned()
    }));
    lines.extend(
        case.missing
            .iter()
            .map(|missing| format!("  –    {}: {}", plain(&missing.what, 120), plain(&missing.why, 300))),
    );
    lines.push("Read one with --exhibit E1, all of it with --json.".to_owned());
    lines
}

fn size(exhibit: &Exhibit) -> String {
    match &exhibit.body {
        ExhibitBody::Log { log } if log.dropped.lines > 0 => {
            format!("{}, {} of them dropped", count(log.line_count(), "line"), log.dropped.lines)
        }
        ExhibitBody::Log { log } => count(log.line_count(), "line"),
        ExhibitBody::Series { points, .. } => count(points.len() as u64, "point"),
        ExhibitBody::Range { range, .. } => count(range.commits.len() as u64, "commit"),
        ExhibitBody::Pods { pods, .. } => count(pods.len() as u64, "pod"),
        ExhibitBody::Events { events } => count(events.len() as u64, "event"),
        ExhibitBody::Rollout { .. } | ExhibitBody::AnalysisRun { .. } | ExhibitBody::Templates { .. } => {
            String::new()
        }
    }
}

fn exhibit(case: &CaseFile, number: &str) -> miette::Result<Ending> {
    let found = case.exhibits.iter().find(|exhibit| exhibit.id.to_string().eq_ignore_ascii_case(number));
    let Some(found) = found else {
        let numbers: Vec<String> = case.exhibits.iter().map(|exhibit| exhibit.id.to_string()).collect();
        return Err(miette!(
            "there is no exhibit {}; the case has {}",
            plain(number, 20),
            numbers.join(", ")
        ));
    };
    match &found.body {
        ExhibitBody::Log { log } => print(log_lines(log))?,
        body => print_json(body)?,
    }
    Ok(Ending::Done)
}

/// The excerpt's lines without what could steer a terminal.
fn log_lines(log: &LogExcerpt) -> Vec<String> {
    let clean = |line: &str| plain(line, usize::MAX);
    let mut lines: Vec<String> = log.head.lines().map(clean).collect();
    if log.dropped.lines > 0 {
        lines.push(format!("… {} lines were dropped here …", log.dropped.lines));
    }
    lines.extend(log.tail.lines().map(clean));
    lines
}
