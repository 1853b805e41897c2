//! Trouble by logs: once the canary's logs give reason, two of stable's pods are read for the same span and both are compared.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ports::{LogSource, LogSpan, LogSuspicion};
use domain::{ContainerRole, Incarnation, IncidentIdentity, LogExcerpt, Pod, PodHash, Side, Trouble};
use tokio::time::Instant;

use crate::effects::{Hands, within};

/// The canary's logs are looked at when they have grown, at most so often.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Stable is read at most so often per Rollout.
const READ_STABLE_EVERY: Duration = Duration::from_secs(60);
/// The time for each read.
const LIMIT: Duration = Duration::from_secs(5);

/// When the logs were last looked at.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    received: u64,
    looked_at: Option<Instant>,
    read_stable_at: Option<Instant>,
}

impl Comparison {
    /// Whether it is time for a look; stable may be read, too.
    pub(super) fn is_due(&mut self, received: u64, now: Instant) -> bool {
        let waited = |at: Option<Instant>, wait| at.is_none_or(|at| now.duration_since(at) >= wait);
        let due = received > self.received
            && waited(self.looked_at, LOOK_EVERY)
            && waited(self.read_stable_at, READ_STABLE_EVERY);
        if due {
            self.received = received;
            self.looked_at = Some(now);
        }
        due
    }

    /// Stable was read for the last look.
    pub(super) fn has_read_stable(&mut self, now: Instant) {
        self.read_stable_at = Some(now);
    }
}

/// What one look showed.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) troubles: Vec<Trouble>,
    /// When stable was read, where it was.
    pub(super) read_stable_at: Option<Instant>,
}

/// Looks at the canary's logs, and at stable's where there is reason.
pub(super) async fn compare(
    hands: Hands,
    identity: IncidentIdentity,
    stable: Option<PodHash>,
    since: DateTime<Utc>,
) -> Compared {
    let bytes = hands.settings().limits.excerpt_bytes;
    let excerpts = hands.ports.spool.excerpts(&identity, bytes);
    let Ok(canary) = within(LIMIT, "read the followed logs", excerpts).await else {
        return Compared::default();
    };
    let digest = hands.ports.digest.clone();
    let looked = tokio::task::spawn_blocking(move || (digest.suspicion(&canary), canary)).await;
    let (Ok((LogSuspicion::ReadStable, canary)), Some(stable)) = (looked, stable) else {
        return Compared::default();
    };
    // A comparison with nothing would find everything on the canary significant: no answer, no trouble, another look soon.
    let Some(stable) = stable_logs(&hands, &identity, &stable, since).await else {
        return Compared::default();
    };
    let digest = hands.ports.digest.clone();
    let troubles = tokio::task::spawn_blocking(move || digest.log_troubles(&canary, &stable)).await;
    Compared { troubles: troubles.unwrap_or_default(), read_stable_at: Some(Instant::now()) }
}

/// `None` when stable could not be read.
async fn stable_logs(
    hands: &Hands,
    identity: &IncidentIdentity,
    stable: &PodHash,
    since: DateTime<Utc>,
) -> Option<Vec<LogExcerpt>> {
    let limits = hands.settings().limits.clone();
    let pods = hands.ports.cluster.pods(&identity.rollout.namespace, stable, limits.stable_pods);
    let pods = match within(LIMIT, "read stable's pods", pods).await {
        Ok(pods) => pods,
        Err(failure) => {
            tracing::info!(kind = failure.kind, "not comparing logs: {}", failure.sentence());
            return None;
        }
    };
    let span = LogSpan { since: Some(since), tail_lines: None, limit_bytes: limits.excerpt_bytes };
    let reads = pods.iter().flat_map(|pod| sources(identity, pod)).map(|source| async move {
        within(LIMIT, "read a log of stable", hands.ports.cluster.log(&source, span)).await.ok()
    });
    let read = futures::future::join_all(reads).await;
    let asked = read.len();
    let logs: Vec<LogExcerpt> = read.into_iter().flatten().collect();
    (asked == 0 || !logs.is_empty()).then_some(logs)
}

fn sources(identity: &IncidentIdentity, pod: &Pod) -> Vec<LogSource> {
    let app = pod.containers.iter().filter(|container| container.role == ContainerRole::App);
    app.map(|container| LogSource {
        namespace: identity.rollout.namespace.clone(),
        pod: pod.name.clone(),
        pod_uid: pod.uid.clone(),
        container: container.name.clone(),
        role: container.role,
        side: Side::Stable,
        which: Incarnation::Current,
    })
    .collect()
}
