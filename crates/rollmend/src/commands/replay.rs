//! `rollmend replay`.

use agents::voice::plain::plain;
use agents::voice::terminal::verdict_lines;
use domain::{AnalystKind, Stage, Verdict};
use serde::Serialize;
use serde_json::Value;
use store::{Archive, ArchivedCase, Judgement};

use super::archive;
use super::judging::{judge_all, recorded};
use super::words::count;
use crate::cli::ReplayOptions;
use crate::console::{Ending, print, print_json};

/// The width of prose.
const WIDTH: usize = 110;

/// What `replay --json` prints; keys are only ever added.
#[derive(Debug, Serialize)]
struct Replay<'a> {
    incident: &'a str,
    /// The version that wrote the archive.
    written_by: &'a str,
    /// Whether every case has the same digest and the same verdict as when it was exported, and the same verdict as the daemon
    /// reached.
    same: bool,
    cases: Vec<Again>,
    /// The rules' verdict on the last case.
    verdict: Option<&'a Verdict>,
}

/// One case, judged again.
#[derive(Debug, Serialize)]
struct Again {
    case: String,
    attempt: u32,
    stage: Stage,
    /// What differs; empty when nothing does.
    differences: Vec<String>,
}

pub(crate) async fn run(options: &ReplayOptions) -> miette::Result<Ending> {
    let archive = archive::read(&options.archive).await?;
    let judgements = judge_all(&archive.cases).await?;
    let again = archive.cases.iter().zip(&judgements);
    let cases: Vec<Again> = again.map(|(case, now)| compared(&archive, case, now)).collect();
    let same = cases.iter().all(|again| again.differences.is_empty());
    let ending = if same { Ending::Done } else { Ending::Problems };
    let replay = Replay {
        incident: archive.run.id.as_str(),
        written_by: &archive.rollmend,
        same,
        cases,
        verdict: judgements.last().map(|judgement| &judgement.verdict),
    };
    if options.json {
        print_json(&replay)?;
    } else {
        print(lines(&archive, &replay))?;
    }
    Ok(ending)
}

fn compared(archive: &Archive, case: &ArchivedCase, now: &Judgement) -> Again {
    let mut differences = Vec::new();
    match archive.judgements.iter().find(|judgement| judgement.case == *case.id()) {
        Some(then) => {
            differences.extend(differing("digest", &then.brief, &now.brief));
            differences.extend(differing("verdict", &then.verdict, &now.verdict));
        }
        None => differences.push("the archive does not say what the rules made of it".to_owned()),
    }
    let reached =
        recorded(case.id(), &archive.history).filter(|verdict| verdict.analyst == AnalystKind::Rules);
    if let Some(reached) = reached.filter(|_| differences.is_empty()) {
        differences.extend(differing("verdict of the daemon", reached, &now.verdict));
    }
    Again {
        case: case.id().to_string(),
        attempt: case.case().header.attempt.0.get(),
        stage: case.case().header.stage,
        differences,
    }
}

/// The fields of two values that differ, with their values where they are short.
fn differing<T: Serialize>(what: &str, then: &T, now: &T) -> Vec<String> {
    let (then, now) = (fields(then), fields(now));
    let keys = then.keys().chain(now.keys().filter(|key| !then.contains_key(*key)));
    keys.filter(|key| then.get(*key) != now.get(*key))
        .map(|key| {
            let key = key.as_str();
            format!("{what}: {key} was {}, is {}", brief(then.get(key)), brief(now.get(key)))
        })
        .collect()
}

/// Through text, as the archived one came: a number that was written and read is the same on both sides.
fn fields<T: Serialize>(value: &T) -> serde_json::Map<String, Value> {
    let text = serde_json::to_string(value).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn brief(value: Option<&Value>) -> String {
    match value {
        None => "absent".to_owned(),
        Some(Value::String(text)) => format!("\"{}\"", plain(text, 80)),
        Some(value @ (Value::Array(_) | Value::Object(_))) => plain(&value.to_string(), 80),
        Some(value) => value.to_string(),
    }
}

fn lines(archive: &Archive, replay: &Replay<'_>) -> Vec<String> {
    let mut lines = vec![format!(
        "{}, exported {} by rollmend {}: {}, {}; every digest fits",
        archive.run.id,
        archive.exported_at.format("%Y-%m-%d %H:%M:%S"),
        plain(&archive.rollmend, 40),
        count(archive.cases.len() as u64, "case file"),
        count(archive.history.len() as u64, "event"),
    )];
    for missing in &archive.missing {
        lines.push(format!("not in it: {}: {}", plain(&missing.what, 120), plain(&missing.why, 300)));
    }
    for again in &replay.cases {
        lines.extend(told(again));
    }
    if let Some(verdict) = replay.verdict {
        lines.push(String::new());
        lines.extend(verdict_lines(verdict, WIDTH));
    } else {
        lines.push("There is no case file in it: nothing to judge.".to_owned());
    }
    lines
}

fn told(again: &Again) -> Vec<String> {
    let stage = match again.stage {
        Stage::AtTrouble => "at the trouble",
        Stage::AtEnd => "at the end",
    };
    let case = again.case.get(..12).unwrap_or_default();
    let head = format!("case {case}, attempt {} {stage}", again.attempt);
    if again.differences.is_empty() {
        return vec![format!("✓ {head}: same digest, same verdict")];
    }
    let mut lines = vec![format!("✗ {head}: not the same")];
    lines.extend(again.differences.iter().map(|difference| format!("  {difference}")));
    lines
}
