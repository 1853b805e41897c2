//! Removes, now and then, what need not be kept any longer.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use store::{Keep, Swept, sweep};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval_at};
use tokio_util::sync::CancellationToken;

use super::rooms::Rooms;
use crate::config::Config;

/// The time between two sweeps.
const EVERY: Duration = Duration::from_hours(1);
/// The time from the start to the first.
const FIRST: Duration = Duration::from_mins(1);

/// Sweeps a little after the start, which it would only slow down, and then every hour, until it is told to stop.
pub(super) fn start(config: &Config, rooms: &Rooms, cancel: CancellationToken) -> JoinHandle<()> {
    let (journal, cases) = (rooms.journal.clone(), rooms.cases.clone());
    let keep = &config.daemon.keep;
    let incidents = TimeDelta::from_std(keep.incidents).unwrap_or(TimeDelta::MAX);
    let keep = Keep { incidents, case_files: keep.cases };
    tokio::spawn(async move {
        let mut rounds = interval_at(Instant::now() + FIRST, EVERY);
        while cancel.run_until_cancelled(rounds.tick()).await.is_some() {
            match sweep(&journal, &cases, keep, Utc::now()).await {
                Ok(swept) => tell(swept),
                Err(failure) => tracing::warn!(kind = failure.kind, "{}", failure.sentence()),
            }
        }
    })
}

fn tell(swept: Swept) {
    let Swept { incidents, case_files, over } = swept;
    if incidents > 0 || case_files > 0 {
        tracing::info!(incidents, case_files, "removed what [daemon] keep does not keep");
    }
    if over > 0 {
        tracing::warn!(
            over,
            "case files of open incidents alone are larger than [daemon] keep.case_files allows; none of them is removed"
        );
    }
}
