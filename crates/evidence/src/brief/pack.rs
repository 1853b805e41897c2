//! Makes a brief fit its budget, whatever the size of the input, and says what was left out.

use domain::{Brief, Frame, FrameOwner, RangeFinding};

use crate::excerpt;

/// Entries of each list before the budget is looked at.
const AT_MOST: Counts =
    Counts { metrics: 8, pods: 8, traces: 6, templates: 20, changes: 20, suspects: 8, said: 16 };
/// Entries of each list that go last.
const AT_LEAST: Counts =
    Counts { metrics: 2, pods: 2, traces: 2, templates: 3, changes: 3, suspects: 2, said: 4 };
/// Frames of a trace: the innermost, and the service's own.
const FRAMES: usize = 10;
/// Frames, reasons and paths of an entry when even the last entries are too long.
const FEW: usize = 3;
/// Characters of a text then.
const SHORT: usize = 80;

#[derive(Clone, Copy)]
struct Counts {
    metrics: usize,
    pods: usize,
    traces: usize,
    templates: usize,
    changes: usize,
    suspects: usize,
    said: usize,
}

/// Takes away what is least worth until the brief as JSON has at most `bytes`.
pub(super) fn into_budget(brief: &mut Brief, bytes: usize) {
    let before = counts(brief);
    for trace in &mut brief.traces {
        shorten_frames(&mut trace.frames);
    }
    truncate(brief, AT_MOST);
    // What was left out is said in the end, and must fit too.
    let budget = bytes.saturating_sub(400);
    while size(brief) > budget && take_one(brief, AT_LEAST) {}
    if size(brief) > budget {
        shorten(brief);
    }
    while size(brief) > budget && take_one(brief, NOTHING) {}
    say(brief, before);
}

const NOTHING: Counts =
    Counts { metrics: 0, pods: 0, traces: 0, templates: 0, changes: 0, suspects: 0, said: 0 };

fn size(brief: &Brief) -> usize {
    serde_json::to_vec(brief).map_or(0, |json| json.len())
}

fn counts(brief: &Brief) -> Counts {
    Counts {
        metrics: brief.metrics.len(),
        pods: brief.pods.len(),
        traces: brief.traces.len(),
        templates: brief.templates.len(),
        changes: brief.changes.len(),
        suspects: suspects(&brief.range),
        said: brief.left_out.len(),
    }
}

fn suspects(range: &RangeFinding) -> usize {
    match range {
        RangeFinding::Known { suspects, .. } => suspects.len(),
        RangeFinding::Unknown { .. } => 0,
    }
}

fn truncate(brief: &mut Brief, at_most: Counts) {
    brief.metrics.truncate(at_most.metrics);
    brief.pods.truncate(at_most.pods);
    brief.traces.truncate(at_most.traces);
    brief.templates.truncate(at_most.templates);
    brief.changes.truncate(at_most.changes);
    brief.left_out.truncate(at_most.said);
    if let RangeFinding::Known { suspects, .. } = &mut brief.range {
        suspects.truncate(at_most.suspects);
    }
}

/// Takes the last entry of the first list that has more than its floor, the least worth first.
fn take_one(brief: &mut Brief, floor: Counts) -> bool {
    let is = counts(brief);
    let mut to = is;
    if is.templates > floor.templates {
        to.templates -= 1;
    } else if is.changes > floor.changes {
        to.changes -= 1;
    } else if is.said > floor.said {
        to.said -= 1;
    } else if is.suspects > floor.suspects {
        to.suspects -= 1;
    } else if is.traces > floor.traces {
        to.traces -= 1;
    } else if is.pods > floor.pods {
        to.pods -= 1;
    } else if is.metrics > floor.metrics {
        to.metrics -= 1;
    } else {
        return false;
    }
    truncate(brief, to);
    true
}

/// Shortens each entry. A quote's beginning is a quote still.
fn shorten(brief: &mut Brief) {
    let cut = |text: &mut String| *text = excerpt::bounded(text, SHORT);
    for metric in &mut brief.metrics {
        [&mut metric.condition, &mut metric.message].into_iter().for_each(cut);
    }
    brief.pods.iter_mut().for_each(|pod| cut(&mut pod.detail));
    for trace in &mut brief.traces {
        [&mut trace.error, &mut trace.message, &mut trace.quote].into_iter().for_each(cut);
        trace.frames.truncate(FEW);
        for frame in &mut trace.frames {
            [&mut frame.file, &mut frame.function].into_iter().for_each(cut);
        }
    }
    for template in &mut brief.templates {
        [&mut template.pattern, &mut template.quote].into_iter().for_each(cut);
    }
    for change in &mut brief.changes {
        [&mut change.path, &mut change.stable, &mut change.canary].into_iter().for_each(cut);
    }
    if let RangeFinding::Known { suspects, .. } = &mut brief.range {
        for suspect in suspects {
            cut(&mut suspect.subject);
            suspect.reasons.truncate(FEW);
            suspect.files.truncate(FEW);
            suspect.files.iter_mut().for_each(cut);
        }
    }
    brief.left_out.iter_mut().for_each(cut);
}

/// The innermost frames, with the service's first own one among them.
fn shorten_frames(frames: &mut Vec<Frame>) {
    let own = frames.iter().position(|frame| frame.owner == FrameOwner::Service);
    match own {
        Some(at) if at >= FRAMES => {
            let frame = frames.swap_remove(at);
            frames.truncate(FRAMES - 1);
            frames.push(frame);
        }
        _ => frames.truncate(FRAMES),
    }
}

fn say(brief: &mut Brief, before: Counts) {
    let after = counts(brief);
    let parts: Vec<String> = [
        (before.metrics - after.metrics, "metrics"),
        (before.pods - after.pods, "findings on pods"),
        (before.traces - after.traces, "stack traces"),
        (before.templates - after.templates, "log templates"),
        (before.changes - after.changes, "differences of the pod templates"),
        (before.suspects - after.suspects, "commits"),
        (before.said - after.said, "remarks"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{} {what}", excerpt::thousands(number as u64)))
    .collect();
    if !parts.is_empty() {
        brief.left_out.push(format!("for size: {}", parts.join(", ")));
    }
}
