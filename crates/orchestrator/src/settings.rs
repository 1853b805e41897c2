//! What the operator decided, and the limits that hold whatever the cluster does.

mod live;

use std::time::Duration;

use domain::{AllowedRepositories, Annotate, Confidence, GateSettings, MIN_CONFIDENCE, Mode, Redactor};

pub use live::LiveSettings;

/// What the operator decided.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How far the daemon goes. Checked again before each write to the outside, so that a lower mode in a changed file also holds for
    /// incidents that were opened under a higher one.
    pub mode: Mode,
    /// Whether the verdict also goes into an annotation.
    pub annotate: Annotate,
    /// At start, failures older than this are counted and left alone.
    pub ignore_older_than: Duration,
    /// The gate's thresholds and limits.
    pub gate: GateSettings,
    /// The repositories that may be cloned.
    pub allowed: AllowedRepositories,
    /// The confidence from which a verdict may become a patch.
    pub min_confidence: Confidence,
    /// Takes secrets out of case files and messages.
    pub redactor: Redactor,
    /// Bounds on work and time.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            annotate: Annotate::default(),
            ignore_older_than: Duration::from_secs(3_600),
            gate: GateSettings::default(),
            allowed: AllowedRepositories::default(),
            min_confidence: Confidence::of(MIN_CONFIDENCE),
            redactor: Redactor::default(),
            limits: Limits::default(),
        }
    }
}

/// Bounds on work and time.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Canary pods in a case, troubled ones first: 10.
    pub canary_pods: usize,
    /// Stable pods that are read for comparison: 2.
    pub stable_pods: usize,
    /// Bytes kept of each log in a case: 256 KiB.
    pub excerpt_bytes: u64,
    /// Logs in a case: 40.
    pub logs: usize,
    /// Log reads at once for one case: 8.
    pub log_reads: usize,
    /// The time for a case that is frozen at the trouble: 5 s, since a basic canary's pods are about to go. A quarter of it is for each
    /// of four steps: the Rollout, its pods, the followed logs, the rest.
    pub freeze_at_trouble: Duration,
    /// The same for a case that is frozen at the end: 80 s, without the wait for the logs and the git range.
    pub freeze_at_end: Duration,
    /// How long the second case waits for the followed logs to end: 30 s.
    pub end_wait: Duration,
    /// How long after the run's end the second case waits for an API server that does not answer, as one that is restarted: 180 s, which
    /// fits into the tries of an effect. Then what was seen before must do.
    pub cluster_wait: Duration,
    /// The same for one that refuses: 5 s after the run's end, since one that has just started refuses what its roles allow.
    pub refusal_wait: Duration,
    /// The time for reading a git range, a first clone included: 180 s.
    pub range: Duration,
    /// The time for making a patch: 300 s, and what a fixer with a model may take beside.
    pub patch: Duration,
    /// The time for opening its pull request: 300 s.
    pub propose: Duration,
    /// Repositories in work at once: 2.
    pub clones: usize,
    /// Analyses at once: 4.
    pub analyses: usize,
    /// How often an effect is tried before it counts as failed: 8, which takes about five minutes.
    pub tries: u32,
    /// How long effects in work may finish after the order to stop: 20 s.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            canary_pods: 10,
            stable_pods: 2,
            excerpt_bytes: 256 * 1024,
            logs: 40,
            log_reads: 8,
            freeze_at_trouble: Duration::from_secs(5),
            freeze_at_end: Duration::from_secs(80),
            end_wait: Duration::from_secs(30),
            cluster_wait: Duration::from_secs(180),
            refusal_wait: Duration::from_secs(5),
            range: Duration::from_secs(180),
            patch: Duration::from_secs(300),
            propose: Duration::from_secs(300),
            clones: 2,
            analyses: 4,
            tries: 8,
            grace: Duration::from_secs(20),
        }
    }
}
