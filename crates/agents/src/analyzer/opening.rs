//! What the analyzer is told of its case: the digest, the rules' verdict as a hypothesis, and the exhibits by number.

use domain::{
    Brief, CaseFile, Exhibit, ExhibitBody, FrameOwner, MetricFinding, PodFinding, RangeFinding, SpecChange,
    Stage, Suspect, SuspectReason, TemplateFinding, TraceFinding, Verdict,
};
use serde::Serialize;

use crate::facts::Facts;
use crate::prompts::{Sheet, words};

/// Bytes of evidence: about 4,000 tokens, whatever the size of the case.
const ROOM: usize = 15_000;

/// The first message.
pub(super) fn opening(case: &CaseFile, brief: &Brief, rules: &Verdict) -> String {
    let stage = match case.header.stage {
        Stage::AtTrouble => "at the trouble: the run has not ended, and the commits are not read yet",
        Stage::AtEnd => "when the run had ended",
    };
    let mut sheet = Sheet::with_room(ROOM);
    against(&mut sheet, brief);
    between(&mut sheet, brief);
    hypothesis(&mut sheet, rules);
    read(&mut sheet, case, brief);
    sheet.section("Exhibits", case.exhibits.iter().map(exhibit), 40);
    format!(
        "Why did the {} fail? This is attempt {}; the case was frozen {stage}.\n\
         \n{}\n\nAnswer by calling `verdict`.\n",
        Facts::of(case).canary_words(),
        case.header.attempt,
        sheet.fenced("the case"),
    )
}

fn against(sheet: &mut Sheet, brief: &Brief) {
    sheet.section("Metrics that speak against the canary", brief.metrics.iter().map(metric), 8);
    sheet.section("Containers in trouble", brief.pods.iter().map(pod), 8);
    sheet.section("Stack traces, the canary's new ones first", brief.traces.iter().flat_map(trace), 30);
    sheet.section("Error lines, the canary's new ones first", brief.templates.iter().flat_map(template), 24);
}

fn between(sheet: &mut Sheet, brief: &Brief) {
    sheet.section(
        "What differs between the pod templates (stable → canary)",
        brief.changes.iter().map(change),
        16,
    );
    match &brief.range {
        RangeFinding::Known { exhibit, commits, canary, suspects } => {
            let first = format!(
                "{exhibit}: {commits} commits, the canary is {}; most suspicious first",
                canary.short()
            );
            let lines = std::iter::once(first).chain(suspects.iter().map(suspect));
            sheet.section("Commits between stable and canary", lines, 12);
        }
        RangeFinding::Unknown { why } => {
            sheet.section("Commits between stable and canary", [format!("not read: {}", words(why, 300))], 1);
        }
    }
}

fn hypothesis(sheet: &mut Sheet, rules: &Verdict) {
    let claims = rules.claims.iter().map(|claim| format!("{}: {}", claim.exhibit, claim.text));
    let lines =
        [format!("{}, confidence {}", rules.category, rules.confidence.get()), rules.root_cause.clone()];
    sheet.section("The rules' verdict: a hypothesis", lines.into_iter().chain(claims), 10);
    let out = rules.ruled_out.iter().map(|claim| format!("{}: {}", claim.exhibit, claim.text));
    sheet.section("What the rules hold for ruled out", out, 6);
}

fn read(sheet: &mut Sheet, case: &CaseFile, brief: &Brief) {
    let volume = brief.volume;
    let counted = format!(
        "{} canary log lines from {} pods, {} stable log lines from {} pods, {} lines dropped by limits",
        volume.canary_lines,
        volume.canary_pods,
        volume.stable_lines,
        volume.stable_pods,
        volume.dropped_lines
    );
    let left = brief.left_out.iter().map(|what| words(what, 200));
    let missing =
        case.missing.iter().map(|one| format!("not had: {} {}", words(&one.what, 120), words(&one.why, 200)));
    sheet.section("What was read, and what was not", std::iter::once(counted).chain(left).chain(missing), 12);
}

/// The name that a value has in its serialised form.
fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

fn metric(metric: &MetricFinding) -> String {
    let series: Vec<String> = metric.series.iter().map(ToString::to_string).collect();
    let series =
        if series.is_empty() { String::new() } else { format!(", points in {}", series.join(" and ")) };
    let value = |side: &Option<String>| {
        side.as_deref().map_or_else(|| "not known".to_owned(), |text| words(text, 60))
    };
    format!(
        "{}: metric {} {}: condition {}, canary {}, stable {}{series}; {}",
        metric.exhibit,
        words(metric.metric.as_str(), 80),
        name(&metric.problem),
        words(&metric.condition, 160),
        value(&metric.canary),
        value(&metric.stable),
        words(&metric.message, 200),
    )
}

fn pod(pod: &PodFinding) -> String {
    format!(
        "{}: {} container {} ({:?}): {} canary pods, {} stable pods; {}",
        pod.exhibit,
        name(&pod.problem),
        words(&pod.container, 63),
        pod.role,
        pod.canary_pods,
        pod.stable_pods,
        words(&pod.detail, 200),
    )
}

fn trace(trace: &TraceFinding) -> Vec<String> {
    let first = format!(
        "{}: {} {} {}: {} on the canary, {} on stable ({}); a line of it: {}",
        trace.exhibit,
        name(&trace.language),
        words(&trace.error, 120),
        words(&trace.message, 240),
        trace.canary,
        trace.stable,
        name(&trace.novelty),
        words(&trace.quote, 300),
    );
    let frames = trace.frames.iter().take(8).map(|frame| {
        let line = frame.line.map(|line| format!(":{line}")).unwrap_or_default();
        let owner = match frame.owner {
            FrameOwner::Service => "the service's own",
            FrameOwner::Library => "a library's",
        };
        format!("  at {}{line} {} ({owner})", words(&frame.file, 160), words(&frame.function, 80))
    });
    std::iter::once(first).chain(frames).collect()
}

fn template(line: &TemplateFinding) -> Vec<String> {
    let counts = format!(
        "{}: {} on the canary, {} on stable ({}, {}): {}",
        line.exhibit,
        line.canary,
        line.stable,
        name(&line.novelty),
        name(&line.class),
        words(&line.pattern, 240),
    );
    if line.quote == line.pattern {
        vec![counts]
    } else {
        vec![counts, format!("  a line of it: {}", words(&line.quote, 300))]
    }
}

fn change(change: &SpecChange) -> String {
    let value = |text: &str| if text.is_empty() { "absent".to_owned() } else { words(text, 120) };
    format!(
        "{}: {}: {} → {}",
        change.exhibit,
        words(&change.path, 160),
        value(&change.stable),
        value(&change.canary)
    )
}

fn suspect(suspect: &Suspect) -> String {
    let reasons: Vec<String> = suspect.reasons.iter().map(reason).collect();
    let files: Vec<String> = suspect.files.iter().take(6).map(|file| words(file, 120)).collect();
    let files = if files.is_empty() { String::new() } else { format!("; changes {}", files.join(" ")) };
    format!(
        "{} {} score {}: {}{files}",
        suspect.sha.short(),
        words(&suspect.subject, 100),
        suspect.score,
        reasons.join(", "),
    )
}

fn reason(reason: &SuspectReason) -> String {
    match reason {
        SuspectReason::FrameInLines { file, line, exhibit } => {
            format!("a frame of {exhibit} lies in line {line} of {}, which it changed", words(file, 160))
        }
        SuspectReason::FrameInFile { file, exhibit } => {
            format!("a frame of {exhibit} lies in {}, on a line that it did not change", words(file, 160))
        }
        SuspectReason::OnlyCandidate => "the only one outside documentation and tests".to_owned(),
        SuspectReason::SpecInLines { file, line, path, .. } => {
            format!("line {line} of {} set {}", words(file, 160), words(path, 160))
        }
        SuspectReason::ChangesCode => "changes code".to_owned(),
        SuspectReason::Harmless => "changes documentation or tests only".to_owned(),
    }
}

fn exhibit(exhibit: &Exhibit) -> String {
    let what = match &exhibit.body {
        ExhibitBody::Log { log } => {
            format!("log, {} lines kept, {} dropped", log.lines().count(), log.dropped.lines)
        }
        ExhibitBody::Rollout { .. } => "the Rollout".to_owned(),
        ExhibitBody::AnalysisRun { run } => format!("AnalysisRun with {} metrics", run.metrics.len()),
        ExhibitBody::Pods { side, pods } => format!("{} {side} pods", pods.len()),
        ExhibitBody::Events { events } => format!("{} events", events.len()),
        ExhibitBody::Templates { .. } => "both pod templates".to_owned(),
        ExhibitBody::Series { side, points, .. } => format!("{} points of {side}", points.len()),
        ExhibitBody::Range { range, .. } => format!("{} commits", range.commits.len()),
    };
    format!("{} {}: {what}", exhibit.id, words(&exhibit.source, 120))
}
