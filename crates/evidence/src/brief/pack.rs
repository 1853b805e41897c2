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
/// Characters of the texts of what is left when even the last entries are too long.
const SHORT: usize = 60;

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
    for floor in [AT_LEAST, Counts { said: 2, ..NOTHING }] {
        while size(brief) > budget && take_one(brief, floor) {}
    }
    if size(brief) > budget {
        brief.left_out.iter_mut().for_each(|said| *said = excerpt::bounded(said, SHORT));
        brief.fingerprint.0 = brief.fingerprint.0.iter().take(20).cloned().collect();
    }
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
