//! What an operator decides about the cluster, as plain values.
//!
//! Refuses to know the file they were written in.

use std::path::PathBuf;
use std::time::Duration;

use domain::{ClusterId, Namespace, Redactor};

/// Which cluster, and which part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSettings {
    /// The namespaces that are watched and may be read.
    pub namespaces: Namespaces,
    /// `[cluster] name`; when absent the cluster is told from others by the UID of `kube-system`.
    pub name: Option<ClusterId>,
    /// How a watch that failed is tried again.
    pub pace: Pace,
    /// The namespace of the daemon's own Lease; none where it runs without one, outside a cluster.
    pub lease: Option<Namespace>,
}

/// The namespaces that are watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Namespaces {
    /// Every one; needs a `ClusterRoleBinding`.
    All,
    /// Only these.
    Listed(Vec<Namespace>),
}

/// How long to wait before trying again: `first`, then twice as long each time, at most `longest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// After the first failure.
    pub first: Duration,
    /// The bound of the doubling.
    pub longest: Duration,
}

/// Where followed logs are kept, and how much of them. Sizes are bytes on disk.
#[derive(Debug, Clone)]
pub struct SpoolSettings {
    /// The directory; made when it is not there.
    pub dir: PathBuf,
    /// At most so much per container: a quarter of it for the beginning, the rest for the end.
    pub per_container: u64,
    /// At most so much in all.
    pub total: u64,
    /// At most so many logs are followed at once.
    pub streams: usize,
    /// At most so many of one Rollout.
    pub streams_per_rollout: usize,
    /// What was not written for so long is removed at the next start: nobody released it.
    pub forget_after: Duration,
    /// How a log whose connection was cut is tried again.
    pub pace: Pace,
    /// How long a followed log may say nothing before the pod is asked for; doubles up to 16 times that while it is still there. A
    /// node that vanished closes no connection.
    pub silence: Duration,
    /// Its configured values never reach the disk. Other secrets stay until a case is made of the log, which is read as a whole.
    pub redactor: Redactor,
}

impl Default for ClusterSettings {
    fn default() -> Self {
        Self { namespaces: Namespaces::All, name: None, pace: Pace::default(), lease: None }
    }
}

impl Default for Pace {
    /// Half a second, then up to 30 s: a cluster that comes back is noticed soon, one that stays away is not pestered.
    fn default() -> Self {
        Self { first: Duration::from_millis(500), longest: Duration::from_secs(30) }
    }
}

impl SpoolSettings {
    /// The daemon's defaults under that directory: 16 MiB per container, 1 GiB in all, 64 streams, 10 per Rollout,
    /// a day until what nobody released is removed, and
    /// 2 s of silence before a pod is asked for.
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            per_container: 16 * 1024 * 1024,
            total: 1024 * 1024 * 1024,
            streams: 64,
            streams_per_rollout: 10,
            forget_after: Duration::from_secs(24 * 60 * 60),
            pace: Pace { first: Duration::from_millis(100), longest: Duration::from_secs(2) },
            silence: Duration::from_secs(2),
            redactor: Redactor::default(),
        }
    }
}

impl Namespaces {
    /// Whether that one is watched.
    pub fn contains(&self, namespace: &Namespace) -> bool {
        match self {
            Self::All => true,
            Self::Listed(listed) => listed.contains(namespace),
        }
    }

    /// What has to be asked for: all at once, or each by itself.
    pub(crate) fn scopes(&self) -> Vec<Option<Namespace>> {
        match self {
            Self::All => vec![None],
            Self::Listed(listed) => listed.iter().cloned().map(Some).collect(),
        }
    }
}

impl Pace {
    /// The wait after that many failures in a row (from 1).
    pub(crate) fn wait(self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_bound() {
        let pace = Pace { first: Duration::from_millis(100), longest: Duration::from_secs(1) };
        let waits: Vec<_> = (1..=6).map(|n| pace.wait(n).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(pace.wait(u32::MAX), pace.longest);
    }
}
