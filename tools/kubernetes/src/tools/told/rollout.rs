//! A Rollout.

use domain::{Condition, Rollout};

use super::{aside, or_none, time};
use crate::tools::sheet::Sheet;

pub(crate) fn rollout(rollout: &Rollout, sheet: &mut Sheet) {
    let hash = |hash: &Option<_>| hash.as_ref().map_or_else(|| "(none)".to_owned(), ToString::to_string);
    sheet.line(format!("{}: phase {}{}", rollout.rollout, or_none(&rollout.phase), aside(&rollout.message)));
    sheet.line(format!(
        "pod template hashes: stable {}, current {}",
        hash(&rollout.stable),
        hash(&rollout.current)
    ));
    if let Some(revision) = rollout.revision {
        sheet.line(format!("revision {revision}"));
    }
    if let Some(abort) = &rollout.abort {
        sheet.line(format!("aborted at {}: {}", time(abort.at), or_none(&abort.message)));
    }
    if let Some(Condition { status, reason, message, at }) = &rollout.progressing {
        let message = or_none(message);
        sheet.line(format!("condition Progressing is {status} since {} ({reason}): {message}", time(*at)));
    }
    for reason in &rollout.pause_reasons {
        sheet.field("paused", reason);
    }
    sheet.line(format!("progress deadline: {} s", rollout.progress_deadline_seconds));
    for (key, value) in &rollout.annotations {
        sheet.line(format!("annotation {key}: {value}"));
    }
}
