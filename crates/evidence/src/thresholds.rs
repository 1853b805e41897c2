//! Every number that the rules depend on, in one place.

use std::time::Duration;

/// The numbers behind the rules; `Default` gives those that the documentation quotes.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// How long a waiting reason that cannot heal by itself (an image that cannot be pulled, a missing ConfigMap) is
    /// tolerated after the pod's creation: 30 s, so that one hiccup of a registry is no trouble.
    pub hopeless_grace: Duration,
    /// How far a Kubernetes time, which has whole seconds, may lie before the attempt's start and still belong to it: 1 s.
    pub clock_slack: Duration,
    /// A difference between canary and stable counts when the exact test's two-sided p is below this: 0.01.
    pub significance: f64,
    /// Fewer occurrences on the canary are never a difference: 3.
    pub min_occurrences: u64,
    /// The canary's rate must be at least so many times stable's where stable has any: 1.5.
    pub min_ratio: f64,
    /// Lines without errors that both sides must have before volume, rather than the number of pods, is what counts are
    /// related to: 20.
    pub min_quiet_lines: u64,
    /// Errors that are alike on both sides, or cannot be compared, are background below this share of the canary's
    /// lines: 0.05. From there on nobody can judge.
    pub background_share: f64,
    /// A line is read up to this length: 8 KiB.
    pub line_bytes: usize,
    /// A message is read up to so many words: 64.
    pub words: usize,
    /// Distinct masked messages kept of one digest: 4,096; what comes beyond is counted only.
    pub distinct_messages: usize,
    /// Share of equal words from which two masked messages are one template: 0.6.
    pub similarity: f64,
    /// Templates under one leaf of the tree; beyond, the most similar one takes the message: 100.
    pub templates_per_leaf: usize,
    /// Distinct stack traces kept of one digest: 256.
    pub distinct_traces: usize,
    /// Frames kept of one trace: 64.
    pub frames: usize,
    /// Lines of other threads that may stand inside a trace: 3.
    pub foreign_lines: usize,
    /// Log troubles reported at once, the most frequent first: 20.
    pub log_troubles: usize,
    /// Templates and traces named in a fingerprint: 40 of each, by id.
    pub fingerprint_entries: usize,
    /// The brief as JSON: 16,000 bytes, about 4,000 tokens.
    pub brief_bytes: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            hopeless_grace: Duration::from_secs(30),
            clock_slack: Duration::from_secs(1),
            significance: 0.01,
            min_occurrences: 3,
            min_ratio: 1.5,
            min_quiet_lines: 20,
            background_share: 0.05,
            line_bytes: 8 * 1024,
            words: 64,
            distinct_messages: 4096,
            similarity: 0.6,
            templates_per_leaf: 100,
            distinct_traces: 256,
            frames: 64,
            foreign_lines: 3,
            log_troubles: 20,
            fingerprint_entries: 40,
            brief_bytes: 16_000,
        }
    }
}
