//! Rounds of scrapes.

use std::time::Duration;

use futures::future::join_all;

use super::{
    Scraper, Target, exposition,
    samples::{Labels, Sample},
};
use crate::outbound;

/// How much of a target's answer is read, in bytes.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

impl Scraper {
    pub(super) async fn scrape_for_ever(self, every: Duration) {
        let mut rounds = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            rounds.tick().await;
            self.scrape().await;
        }
    }

    /// Scrapes every target once.
    pub(super) async fn scrape(&self) {
        let targets = (self.targets)();
        join_all(targets.iter().map(|target| self.scrape_one(target))).await;
    }

    async fn scrape_one(&self, target: &Target) {
        let body = self.fetch(target).await;
        let at = self.shared.clock.now().timestamp_micros() as f64 / 1_000_000.0;
        let up = if body.is_ok() { 1.0 } else { 0.0 };
        let mut samples = self.shared.samples();
        let up_labels = Labels::from([("__name__".to_owned(), "up".to_owned())]);
        for (labels, value) in
            exposition::parse(&body.unwrap_or_default()).into_iter().chain([(up_labels, up)])
        {
            let mut labels = labels;
            labels.extend(target.labels.clone());
            samples.push(labels, Sample { at, value });
        }
    }

    async fn fetch(&self, target: &Target) -> Result<String, String> {
        let answer = self.client.get(&target.url).send().await.map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            return Err(format!("server returned HTTP status {}", answer.status()));
        }
        let body = outbound::bounded_body(answer, BODY_LIMIT).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}
