//! The case as a whole, and its events.

use domain::{CaseHeader, ClusterEvent, Stage, Trouble};

use super::{or_none, time};
use crate::tools::sheet::Sheet;

pub(crate) fn header(header: &CaseHeader, sheet: &mut Sheet) {
    let identity = &header.identity;
    let stage = match header.stage {
        Stage::AtTrouble => "at the first sign of trouble; the run may not have ended",
        Stage::AtEnd => "when the run had ended",
    };
    sheet.line(format!(
        "incident {}: Rollout {}, canary {}, attempt {}",
        header.incident, identity.rollout, identity.canary, header.attempt
    ));
    sheet.line(format!(
        "evidence from {} to {}, frozen {stage}",
        time(Some(header.from)),
        time(Some(header.frozen_at))
    ));
    for trouble in &header.troubles {
        sheet.line(format!("trouble: {}", words(trouble)));
    }
}

pub(crate) fn event(event: &ClusterEvent, sheet: &mut Sheet) {
    let ClusterEvent { about, kind, reason, message, count, at } = event;
    sheet.line(format!("{} {kind} {reason} x{count} {about}: {}", time(*at), or_none(message)));
}

fn words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::MetricFailed { message, .. }
        | Trouble::MetricErrored { message, .. }
        | Trouble::Aborted { message }
        | Trouble::GateCouldNotAnswer { message }
        | Trouble::Inconclusive { message }
        | Trouble::ProgressDeadlineExceeded { message } => {
            format!("{}: {}", trouble.class(), or_none(message))
        }
        Trouble::OomKilled { pod, .. } | Trouble::Exited { pod, .. } | Trouble::NotReady { pod, .. } => {
            format!("{}, pod {pod}", trouble.class())
        }
        Trouble::Restarted { pod, restarts, .. } => {
            format!("{}, pod {pod}, {restarts} times", trouble.class())
        }
        Trouble::LogErrors { canary, stable, .. } => {
            format!("{}, {canary} times on the canary, {stable} on stable", trouble.class())
        }
        Trouble::AbortedByHand => trouble.class(),
    }
}
