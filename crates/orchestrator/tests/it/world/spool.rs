//! The spool: what was followed stays on disk when the pod is gone.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::{Followed, LogSource, Spool};
use domain::{Failure, IncidentIdentity, LogExcerpt};

use super::Hold;
use super::cluster::excerpt;

#[async_trait]
impl Spool for Hold {
    fn follow(&self, observation: &IncidentIdentity, source: LogSource, _: DateTime<Utc>) -> Followed {
        let mut state = self.world.state();
        let streams = state.streams;
        let followed = state.spool.entry(observation.clone()).or_default();
        if followed.contains(&source) {
            return Followed::Already;
        }
        if followed.len() >= streams {
            return Followed::OverLimit;
        }
        followed.push(source.clone());
        let key = (source.pod.clone(), source.container.clone(), source.which);
        let text = state.logs.get(&key).cloned().unwrap_or_default();
        state.spooled.insert((observation.clone(), source), text);
        Followed::Started
    }

    async fn excerpts(&self, observation: &IncidentIdentity, _: u64) -> Result<Vec<LogExcerpt>, Failure> {
        self.call("excerpts").await?;
        let mut state = self.world.state();
        let followed = state.spool.get(observation).cloned().unwrap_or_default();
        let mut excerpts = Vec::new();
        for source in followed {
            // What the pod wrote since is followed as long as it is there.
            let key = (source.pod.clone(), source.container.clone(), source.which);
            let live = state.logs.get(&key).cloned();
            let kept = state.spooled.entry((observation.clone(), source.clone())).or_default();
            if let Some(live) = live {
                *kept = live;
            }
            excerpts.push(excerpt(&source, kept.clone()));
        }
        Ok(excerpts)
    }

    fn received(&self, observation: &IncidentIdentity) -> u64 {
        let state = self.world.state();
        if state.spool.contains_key(observation) { state.received } else { 0 }
    }

    async fn ended(&self, _: &IncidentIdentity) {
        if !self.world.state().spool_ends {
            std::future::pending::<()>().await;
        }
    }

    fn streams(&self) -> usize {
        self.world.state().spool.values().map(Vec::len).sum()
    }

    fn not_followed(&self, _: &IncidentIdentity) -> u64 {
        0
    }

    async fn release(&self, observation: &IncidentIdentity) {
        self.world.change(|state| {
            state.spool.remove(observation);
            state.spooled.retain(|(of, _), _| of != observation);
            state.released += 1;
        });
    }
}
