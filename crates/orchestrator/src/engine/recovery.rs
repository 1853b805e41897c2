//! Takes up what an earlier process left unfinished.

use domain::Failure;
use domain::ports::PendingEffect;
use domain::workflow::Run;

use super::Engine;
use crate::backoff;

impl Engine {
    /// Starts every effect without a result again, and drops the spooled logs of incidents that are over. Tries until the journal can be read or the
    /// daemon stops. Every incident there is.
    pub(crate) async fn recover(&self) -> Vec<Run> {
        let mut tries = 0;
        loop {
            match self.unfinished().await {
                Ok((runs, pending)) => {
                    self.0.hands.tally.know(&runs);
                    self.take_up(&runs, pending).await;
                    return runs;
                }
                Err(failure) => {
                    tries += 1;
                    self.0.hands.tally.failed(&failure);
                    tracing::error!(tries, kind = failure.kind, "{}", failure.sentence());
                    tokio::select! {
                        () = self.0.stopping.cancelled() => return Vec::new(),
                        () = tokio::time::sleep(backoff::delay(&"recovery", tries, None)) => {}
                    }
                }
            }
        }
    }

    async fn unfinished(&self) -> Result<(Vec<Run>, Vec<PendingEffect>), Failure> {
        let journal = &self.0.hands.ports.journal;
        Ok((journal.runs().await?, journal.pending().await?))
    }

    async fn take_up(&self, runs: &[Run], pending: Vec<PendingEffect>) {
        let open = runs.iter().filter(|run| !run.state.name().is_final()).count();
        if open > 0 || !pending.is_empty() {
            tracing::info!(open, effects = pending.len(), "taking up unfinished incidents");
        }
        for run in runs.iter().filter(|run| run.state.name().is_final()) {
            self.0.hands.ports.spool.release(&run.identity).await;
        }
        for effect in pending {
            let desk = self.0.desks.of(&effect.id.incident);
            self.spawn(effect, desk);
        }
    }
}
