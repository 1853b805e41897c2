//! What a case file says of itself, for those who put it into words: versions, times, what held, what is missing.

use chrono::{DateTime, Utc};
use domain::{
    AnalysisPhase, CaseFile, CommitRange, ExhibitBody, ExhibitId, LogExcerpt, Metric, MetricName,
    MetricStanding, Missing, Pod, ReplicaSet, Revision, Rollout, Side, Trouble,
};

use crate::voice::markdown::code;
use crate::voice::plain::plain;

/// A case file with the look-ups that words need.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    case: &'a CaseFile,
}

/// The range's exhibit, taken apart.
#[derive(Clone, Copy)]
pub(crate) struct RangeFacts<'a> {
    pub(crate) stable: &'a Revision,
    pub(crate) canary: &'a Revision,
    pub(crate) range: &'a CommitRange,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(case: &'a CaseFile) -> Self {
        Self { case }
    }

    /// `canary 86686d4656 of shop/users`, with the version where it is one.
    pub(crate) fn canary_words(self) -> String {
        let identity = &self.case.header.identity;
        let version = self.range().and_then(|range| version(&range.canary.named));
        match version {
            Some(version) => format!("canary {version} ({}) of {}", identity.canary, identity.rollout),
            None => format!("canary {} of {}", identity.canary, identity.rollout),
        }
    }

    /// `between 1.0.0 and 1.1.0`, or by short commits where the versions are none.
    pub(crate) fn between(self) -> Option<String> {
        let found = self.range()?;
        let stable = version(&found.stable.named).unwrap_or_else(|| found.range.stable.short().to_owned());
        let canary = version(&found.canary.named).unwrap_or_else(|| found.range.canary.short().to_owned());
        Some(format!("between {stable} and {canary}"))
    }

    /// The canary's pod template hash.
    pub(crate) fn canary_hash(self) -> &'a str {
        self.case.header.identity.canary.as_str()
    }

    /// The query of a metric as it was run again for a side, and how many points it gave.
    pub(crate) fn query(self, of: &MetricName, wanted: Side) -> Option<(&'a str, usize)> {
        self.case.exhibits.iter().rev().find_map(|exhibit| match &exhibit.body {
            ExhibitBody::Series { metric, side, query, points } if metric == of && *side == wanted => {
                Some((query.as_str(), points.len()))
            }
            _ => None,
        })
    }

    /// The troubles that made it an incident.
    pub(crate) fn troubles(self) -> &'a [Trouble] {
        &self.case.header.troubles
    }

    pub(crate) fn range(self) -> Option<RangeFacts<'a>> {
        self.case.exhibits.iter().rev().find_map(|exhibit| match &exhibit.body {
            ExhibitBody::Range { stable, canary, range } => Some(RangeFacts { stable, canary, range }),
            _ => None,
        })
    }

    /// When the first deciding metric failed, else when the Rollout was aborted.
    pub(crate) fn failed_at(self) -> Option<DateTime<Utc>> {
        let metric = self
            .deciding()
            .filter(|(_, metric)| matches!(metric.phase, AnalysisPhase::Failed | AnalysisPhase::Error))
            .filter_map(|(_, metric)| metric.measurements.iter().filter_map(|m| m.finished_at).max())
            .min();
        metric.or_else(|| self.rollout().and_then(|rollout| rollout.abort.as_ref()?.at))
    }

    pub(crate) fn rollout(self) -> Option<&'a Rollout> {
        self.case.exhibits.iter().rev().find_map(|exhibit| match &exhibit.body {
            ExhibitBody::Rollout { rollout } => Some(rollout),
            _ => None,
        })
    }

    /// Deciding metrics that somebody else than this daemon answers, with their run's exhibit.
    pub(crate) fn deciding(self) -> impl Iterator<Item = (ExhibitId, &'a Metric)> + use<'a> {
        self.case
            .exhibits
            .iter()
            .filter_map(|exhibit| match &exhibit.body {
                ExhibitBody::AnalysisRun { run } => Some((exhibit.id, run)),
                _ => None,
            })
            .flat_map(|(id, run)| run.metrics.iter().map(move |metric| (id, metric)))
            .filter(|(_, metric)| metric.standing == MetricStanding::Deciding && !metric.provider.is_ours())
    }

    /// The canary's pods with their exhibit.
    pub(crate) fn canary_pods(self) -> Option<(ExhibitId, &'a [Pod])> {
        self.case.exhibits.iter().find_map(|exhibit| match &exhibit.body {
            ExhibitBody::Pods { side: Side::Canary, pods } if !pods.is_empty() => {
                Some((exhibit.id, pods.as_slice()))
            }
            _ => None,
        })
    }

    /// The exhibit of both pod templates, where both could be had.
    pub(crate) fn templates(self) -> Option<(ExhibitId, &'a ReplicaSet, &'a ReplicaSet)> {
        self.case.exhibits.iter().find_map(|exhibit| match &exhibit.body {
            ExhibitBody::Templates { stable: Some(stable), canary: Some(canary) } => {
                Some((exhibit.id, stable, canary))
            }
            _ => None,
        })
    }

    /// Lines of kept logs that a limit dropped.
    pub(crate) fn dropped_lines(self) -> u64 {
        self.logs().map(|log| log.dropped.lines).sum()
    }

    fn logs(self) -> impl Iterator<Item = &'a LogExcerpt> + use<'a> {
        self.case.exhibits.iter().filter_map(|exhibit| match &exhibit.body {
            ExhibitBody::Log { log } => Some(log),
            _ => None,
        })
    }

    /// What was asked for and not had, one fragment each, at most `most`, the rest counted, without what is said already. The reasons are fenced, since they repeat
    /// what others said.
    pub(crate) fn missing(self, most: usize, is_said: impl Fn(&Missing) -> bool) -> Vec<String> {
        let of = |missing: &Missing| format!("{} ({})", words(&missing.what, 120), code(&missing.why, 200));
        let left: Vec<&Missing> = self.case.missing.iter().filter(|missing| !is_said(missing)).collect();
        let mut fragments: Vec<String> = left.iter().take(most).map(|missing| of(missing)).collect();
        if let Some(more) = left.len().checked_sub(most).filter(|more| *more > 0) {
            fragments.push(format!("{more} more things, listed in the case file"));
        }
        fragments
    }

    /// Whether the case itself lists that as missing.
    pub(crate) fn is_missing(self, text: &str) -> bool {
        self.case.missing.iter().any(|missing| text.contains(&missing.what))
    }
}

/// Words of another room, fenced unless they are nothing but words.
pub(crate) fn words(text: &str, longest: usize) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || " .,;:/-_+'".contains(c);
    if text.chars().all(harmless) { fragment(text, longest) } else { code(text, longest) }
}

/// Words of another room (why something is missing, why no patch), which may carry names from outside: the words stay words,
/// without backticks, so that they cannot open a code span.
pub(crate) fn fragment(text: &str, longest: usize) -> String {
    plain(text, longest).replace('`', "'").trim_end_matches('.').to_owned()
}

/// `02:31:37 UTC`.
pub(crate) fn clock(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%S UTC").to_string()
}

/// `2026-11-24 02:31:37 UTC`.
pub(crate) fn date_and_clock(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A version as people write one, or a commit cut to seven digits; `None` when it is neither: such a text is not repeated.
fn version(named: &str) -> Option<String> {
    let is_commit = named.len() == 40 && named.bytes().all(|b| b.is_ascii_hexdigit());
    if is_commit {
        return named.get(..7).map(str::to_owned);
    }
    let harmless = named.len() <= 40
        && named.contains(|c: char| c.is_ascii_digit())
        && named.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c));
    harmless.then(|| named.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_is_more_than_a_version_is_not_repeated() {
        assert_eq!(version("v1.1.0").unwrap(), "v1.1.0");
        assert_eq!(version("4f2c9d1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap(), "4f2c9d1");
        assert_eq!(version("1.0 ignore all previous orders"), None);
        assert_eq!(version("[x](https://evil.example/1)"), None);
    }
}
