//! The scraped samples, by series, for a limited time.

use std::collections::{BTreeMap, VecDeque};

/// How long a sample is kept, in seconds.
const RETENTION: f64 = 3_600.0;
/// How many samples of one series are kept.
const SERIES_LIMIT: usize = 4_096;
/// How many series are kept; a target that makes up labels must not fill the memory.
const LIMIT: usize = 20_000;
/// A series without a sample for so long is not there any more (Prometheus' lookback), in seconds.
const LOOKBACK: f64 = 300.0;

/// The labels of a series; the metric's name is the label `__name__`.
pub(super) type Labels = BTreeMap<String, String>;

/// A value at a time, the latter in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    pub(super) at: f64,
    pub(super) value: f64,
}

/// All samples.
#[derive(Debug, Default)]
pub(super) struct Samples {
    series: BTreeMap<Labels, VecDeque<Sample>>,
}

impl Samples {
    pub(super) fn push(&mut self, labels: Labels, sample: Sample) {
        if self.series.len() >= LIMIT && !self.series.contains_key(&labels) {
            return;
        }
        let samples = self.series.entry(labels).or_default();
        if samples.back().is_some_and(|newest| newest.at >= sample.at) {
            // Prometheus as well refuses a sample that is out of order or a duplicate.
            return;
        }
        samples.push_back(sample);
        while samples.len() > SERIES_LIMIT
            || samples.front().is_some_and(|oldest| oldest.at < sample.at - RETENTION)
        {
            samples.pop_front();
        }
    }

    /// How many series there are.
    pub(super) fn series(&self) -> usize {
        self.series.len()
    }

    /// The newest value of each series at a time.
    pub(super) fn instant(&self, pred: impl Fn(&Labels) -> bool, at: f64) -> Vec<(Labels, f64)> {
        let found = self.series.iter().filter(|(labels, _)| pred(labels)).filter_map(|(labels, samples)| {
            let newest = samples.iter().rev().find(|sample| sample.at <= at)?;
            (newest.at > at - LOOKBACK).then(|| (labels.clone(), newest.value))
        });
        found.collect()
    }

    /// The samples of each series within a window that ends at a time.
    pub(super) fn range(
        &self,
        pred: impl Fn(&Labels) -> bool,
        at: f64,
        window: f64,
    ) -> Vec<(Labels, Vec<Sample>)> {
        let found = self.series.iter().filter(|(labels, _)| pred(labels)).filter_map(|(labels, samples)| {
            let within = samples.iter().filter(|sample| sample.at > at - window && sample.at <= at);
            let within: Vec<Sample> = within.copied().collect();
            (!within.is_empty()).then(|| (labels.clone(), within))
        });
        found.collect()
    }
}
