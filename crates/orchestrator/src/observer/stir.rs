//! What stirs a canary under observation: its pods, the clock, a comparison that has ended.

use std::time::Duration;

use domain::Pod;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::comparison::Compared;

/// How often deadlines are looked at.
const TICK: Duration = Duration::from_secs(1);

/// One stir.
pub(super) enum Stir {
    /// The pods as they are now.
    Pods(Vec<Pod>),
    /// Logs were compared.
    Compared(Compared),
    /// A second went by.
    Tick,
}

/// The sources of stirs; dropped, they fall silent.
pub(super) struct Stirs {
    pods: BoxStream<'static, Vec<Pod>>,
    comparing: Option<JoinHandle<Compared>>,
    tick: Interval,
}

impl Stirs {
    pub(super) fn new(pods: BoxStream<'static, Vec<Pod>>) -> Self {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { pods, comparing: None, tick }
    }

    /// Whether a comparison is under way.
    pub(super) fn is_comparing(&self) -> bool {
        self.comparing.is_some()
    }

    /// Begins a comparison; its result will be a stir.
    pub(super) fn compare(&mut self, comparing: impl Future<Output = Compared> + Send + 'static) {
        self.comparing = Some(tokio::spawn(comparing));
    }

    /// The next stir. Nothing is lost when the wait is given up.
    pub(super) async fn next(&mut self) -> Stir {
        let compared = async {
            match &mut self.comparing {
                Some(comparing) => comparing.await,
                None => std::future::pending().await,
            }
        };
        let stir = tokio::select! {
            compared = compared => Stir::Compared(compared.unwrap_or_default()),
            Some(pods) = self.pods.next() => Stir::Pods(pods),
            _ = self.tick.tick() => Stir::Tick,
        };
        if matches!(stir, Stir::Compared(_)) {
            self.comparing = None;
        }
        stir
    }
}

impl Drop for Stirs {
    fn drop(&mut self) {
        if let Some(comparing) = &self.comparing {
            comparing.abort();
        }
    }
}
