//! Reads the logs of canary and stable into templates and traces with counts.
//!
//! Only the app's own containers are read: what an init container or a sidecar says is no trouble of the canary's. Work is
//! bounded by the thresholds whatever the logs hold, and what the bounds cost is counted.

mod groups;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{ContainerRole, ExhibitId, LogExcerpt, PodName, Side, TemplateClass};

pub(crate) use groups::TraceGroup;

use crate::compare::{Exposure, Tally};
use crate::excerpt;
use crate::levels::{self, Level};
use crate::templates::{Miner, Sight, Template, class};
use crate::thresholds::Thresholds;
use crate::traces::{self, Reader, Trace};
use groups::Groups;

/// One container's log with what else is known of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// Its exhibit; none outside a case.
    pub(crate) exhibit: Option<ExhibitId>,
    /// The log.
    pub(crate) log: &'a LogExcerpt,
    /// What became of the container.
    pub(crate) fate: Fate,
}

/// What became of the container that wrote a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It runs, or nothing is known.
    Lives,
    /// It ended with an error or was restarted.
    Died,
}

/// What the logs of both sides say.
#[derive(Debug)]
pub(crate) struct Logs {
    /// By id.
    pub(crate) templates: Vec<Template>,
    /// By id.
    pub(crate) traces: Vec<TraceGroup>,
    /// The canary's side.
    pub(crate) canary: SideVolume,
    /// Stable's side.
    pub(crate) stable: SideVolume,
    /// Error lines whose message was one too many to keep, and traces alike.
    pub(crate) uncounted: u64,
    /// Lines of which only the beginning was read.
    pub(crate) cut: u64,
}

/// How much one side said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SideVolume {
    pods: BTreeSet<PodName>,
    /// Lines of the app's containers, dropped ones included.
    pub(crate) lines: u64,
    /// Those that limits dropped.
    pub(crate) dropped: u64,
    /// Read lines without error.
    pub(crate) quiet: u64,
    /// Errors: lines outside traces, and traces.
    pub(crate) errors: u64,
}

impl SideVolume {
    /// What counts are related to.
    pub(crate) fn exposure(&self) -> Exposure {
        Exposure { pods: self.pods(), quiet_lines: self.quiet }
    }

    /// Pods whose app's log was read.
    pub(crate) fn pods(&self) -> u32 {
        u32::try_from(self.pods.len()).unwrap_or(u32::MAX)
    }
}

/// Whether the logs of the app's containers hold as many lines at error level and traces as could count: fewer are never a difference,
/// so that reading stable for them would tell nothing.
pub(crate) fn has_errors(logs: &[LogExcerpt], thresholds: &Thresholds) -> bool {
    let is_error = |fed: traces::Fed<'_>| {
        fed.trace.is_some() || fed.ordinary.is_some_and(|line| levels::read(line).level == Level::Error)
    };
    let mut seen = 0;
    for log in logs.iter().filter(|log| log.role == ContainerRole::App) {
        let mut reader = Reader::new(thresholds);
        for line in log.lines() {
            seen += u64::from(is_error(reader.feed(excerpt::head(line.text, thresholds.line_bytes))));
            if seen >= thresholds.min_occurrences {
                return true;
            }
        }
        seen += u64::from(is_error(reader.finish()));
    }
    seen >= thresholds.min_occurrences
}

/// Reads all logs. Lines that the kubelet dated before `since` belong to an earlier attempt and are passed over.
pub(crate) fn read(sources: &[Source<'_>], since: Option<DateTime<Utc>>, thresholds: &Thresholds) -> Logs {
    let mut reading = Reading::new(since, thresholds);
    for source in sources.iter().filter(|source| source.log.role == ContainerRole::App) {
        reading.log(*source);
    }
    reading.done()
}

struct Reading<'t> {
    thresholds: &'t Thresholds,
    since: Option<DateTime<Utc>>,
    miner: Miner<'t>,
    groups: Groups<'t>,
    canary: SideVolume,
    stable: SideVolume,
    cut: u64,
}

impl<'t> Reading<'t> {
    fn new(since: Option<DateTime<Utc>>, thresholds: &'t Thresholds) -> Self {
        Self {
            thresholds,
            since,
            miner: Miner::new(thresholds),
            groups: Groups::new(thresholds),
            canary: SideVolume::default(),
            stable: SideVolume::default(),
            cut: 0,
        }
    }

    fn log(&mut self, source: Source<'_>) {
        let mut lines = source.log.dropped.lines;
        let mut reader = Reader::new(self.thresholds);
        let since = self.since;
        for line in source.log.lines().filter(|line| line.at >= since || line.at.is_none()) {
            lines += 1;
            let text = excerpt::head(line.text, self.thresholds.line_bytes);
            self.cut += u64::from(text.len() < line.text.len());
            if !text.trim().is_empty() {
                let fed = reader.feed(text);
                self.fed(source, fed);
            }
        }
        let rest = reader.finish();
        self.fed(source, rest);
        let volume = self.side(source.log.side);
        volume.pods.insert(source.log.pod.clone());
        volume.lines += lines;
        volume.dropped += source.log.dropped.lines;
    }

    fn fed(&mut self, source: Source<'_>, fed: traces::Fed<'_>) {
        if let Some(trace) = fed.trace {
            self.trace(source, trace);
        }
        if let Some(line) = fed.ordinary {
            self.line(source, line);
        }
    }

    fn line(&mut self, source: Source<'_>, line: &str) {
        let said = levels::read(line);
        if said.level == Level::Milder {
            self.side(source.log.side).quiet += 1;
            return;
        }
        self.side(source.log.side).errors += 1;
        self.miner.take(&said.message, tally(source), || sight(source, excerpt::quote(line)));
        for trace in said.stack.iter().flat_map(|stack| traces::in_text(stack, self.thresholds)) {
            self.groups.take(Trace { quote: excerpt::quote(line), ..trace }, tally(source), source);
        }
    }

    /// A trace whose words name a class of trouble is a template too, since templates carry the class.
    fn trace(&mut self, source: Source<'_>, trace: Trace) {
        self.side(source.log.side).errors += 1;
        let words = format!("{}: {}", trace.error, trace.message);
        if class::of(&words) != TemplateClass::Error {
            self.miner.take(&words, tally(source), || sight(source, trace.quote.clone()));
        }
        self.groups.take(trace, tally(source), source);
    }

    fn side(&mut self, side: Side) -> &mut SideVolume {
        match side {
            Side::Canary => &mut self.canary,
            Side::Stable => &mut self.stable,
        }
    }

    fn done(self) -> Logs {
        Logs {
            uncounted: self.miner.uncounted() + self.groups.uncounted(),
            templates: self.miner.templates(),
            traces: self.groups.groups(),
            canary: self.canary,
            stable: self.stable,
            cut: self.cut,
        }
    }
}

fn tally(source: Source<'_>) -> Tally {
    match source.log.side {
        Side::Canary => Tally { canary: 1, stable: 0, died: u64::from(source.fate == Fate::Died) },
        Side::Stable => Tally { canary: 0, stable: 1, died: 0 },
    }
}

fn sight(source: Source<'_>, quote: String) -> Sight {
    Sight { side: source.log.side, exhibit: source.exhibit, quote }
}
