//! Groups traces by the type of error and the service's own frame.

use std::collections::BTreeMap;

use domain::{Frame, Language};

use super::{Source, sight};
use crate::compare::Tally;
use crate::templates::{Sight, id_of};
use crate::thresholds::Thresholds;
use crate::traces::Trace;

/// Occurrences of the same trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceGroup {
    /// `trace-` and the first 8 hex of SHA-256 over what makes it the same, without the line's number.
    pub(crate) id: String,
    /// The canary's first sight of it, else stable's.
    pub(crate) trace: Trace,
    /// How often. Stable's count is over all lines of the function, since lines move between two versions.
    pub(crate) tally: Tally,
    /// Where its quote stands.
    pub(crate) sight: Sight,
}

/// Language, error, file, and function; a panic without a function is told apart by its message.
type Place = (Language, String, String, String);

#[derive(Debug)]
pub(super) struct Groups<'t> {
    thresholds: &'t Thresholds,
    by_place: BTreeMap<(Place, Option<u32>), (Trace, Tally, Sight)>,
    uncounted: u64,
}

impl<'t> Groups<'t> {
    pub(super) fn new(thresholds: &'t Thresholds) -> Self {
        Self { thresholds, by_place: BTreeMap::new(), uncounted: 0 }
    }

    pub(super) fn take(&mut self, trace: Trace, tally: Tally, source: Source<'_>) {
        let key = (place(&trace), trace.key_frame().and_then(|frame| frame.line));
        let is_full = self.by_place.len() >= self.thresholds.distinct_traces;
        if let Some((known, counted, seen)) = self.by_place.get_mut(&key) {
            *counted += tally;
            let first_on_canary = counted.canary > 0 && counted.canary == tally.canary;
            if first_on_canary {
                seen.prefer_canary(&sight(source, trace.quote.clone()));
                *known = trace;
            }
        } else if is_full {
            self.uncounted += 1;
        } else {
            let seen = sight(source, trace.quote.clone());
            self.by_place.insert(key, (trace, tally, seen));
        }
    }

    pub(super) fn uncounted(&self) -> u64 {
        self.uncounted
    }

    /// The groups, by id and line. One that stable alone shows is left out where the canary shows the same function's.
    pub(super) fn groups(self) -> Vec<TraceGroup> {
        let mut totals: BTreeMap<Place, Tally> = BTreeMap::new();
        for ((place, _), (_, tally, _)) in &self.by_place {
            *totals.entry(place.clone()).or_default() += *tally;
        }
        let mut groups: Vec<TraceGroup> = self
            .by_place
            .into_iter()
            .filter_map(|((place, _), (trace, tally, sight))| {
                let total = totals.get(&place).copied().unwrap_or_default();
                let is_shadow = tally.canary == 0 && total.canary > 0;
                let tally = Tally { stable: total.stable, ..tally };
                (!is_shadow).then(|| TraceGroup { id: id(&place), trace, tally, sight })
            })
            .collect();
        groups.sort_by(|a, b| (&a.id, line(&a.trace)).cmp(&(&b.id, line(&b.trace))));
        groups
    }
}

fn line(trace: &Trace) -> Option<u32> {
    trace.key_frame().and_then(|frame| frame.line)
}

fn place(trace: &Trace) -> Place {
    let none = Frame {
        file: String::new(),
        line: None,
        function: String::new(),
        owner: domain::FrameOwner::Library,
    };
    let frame = trace.key_frame().unwrap_or(&none);
    let which = match trace.language {
        Language::Rust => trace.message.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default(),
        Language::Java | Language::Python => frame.function.as_str(),
    };
    (trace.language, trace.error.clone(), frame.file.clone(), which.to_owned())
}

fn id((language, error, file, which): &Place) -> String {
    format!("trace-{}", id_of(&format!("{language:?}\n{error}\n{file}\n{which}")))
}
