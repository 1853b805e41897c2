//! Whether a count on the canary differs from the one on stable by more than chance.
//!
//! Two Poisson rates are compared by the exact conditional test (Przyborowski and Wilenski: "Homogeneity of results in
//! testing samples from Poisson series", Biometrika 31, 1940): given the sum, the canary's count is binomial with the canary's
//! share of the exposure. Exposure is volume where both sides say enough without errors, else the number of pods.

use std::ops::AddAssign;

use domain::Novelty;

use crate::thresholds::Thresholds;

/// Above so many occurrences the normal approximation is as good as the exact sum.
const EXACT_UP_TO: u64 = 5_000;

/// How often something was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// On the canary.
    pub(crate) canary: u64,
    /// On stable.
    pub(crate) stable: u64,
    /// On the canary, in the log of a container that died.
    pub(crate) died: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.canary += other.canary;
        self.stable += other.stable;
        self.died += other.died;
    }
}

/// How much there was to see on one side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Exposure {
    /// Pods whose app's log was read.
    pub(crate) pods: u32,
    /// Lines without error.
    pub(crate) quiet_lines: u64,
}

/// Judges a tally.
///
/// What was never seen on stable is new when it is significant, or when it stands in the log of a container that died: the
/// death is the trouble there, by its status, and the line explains it.
pub(crate) fn novelty(tally: Tally, canary: Exposure, stable: Exposure, thresholds: &Thresholds) -> Novelty {
    if tally.canary == 0 {
        return Novelty::Less;
    }
    if stable.pods == 0 {
        return Novelty::Unknown;
    }
    if tally.stable == 0 && tally.died > 0 {
        return Novelty::New;
    }
    let (canary_exposure, stable_exposure) = exposures(canary, stable, thresholds);
    let share = canary_exposure / (canary_exposure + stable_exposure);
    let total = tally.canary + tally.stable;
    let is_significant = two_sided(tally.canary, total, share) < thresholds.significance;
    let is_above = tally.canary as f64 > total as f64 * share;
    match (is_significant && is_above && tally.canary >= thresholds.min_occurrences, tally.stable) {
        (true, 0) => Novelty::New,
        (true, _) => more(tally, canary, stable, (canary_exposure, stable_exposure), thresholds),
        (false, 0) => Novelty::Unknown,
        (false, _) if is_significant && !is_above => Novelty::Less,
        (false, _) => Novelty::Alike,
    }
}

/// Significantly more by volume is believed only when the pods do not say the contrary: a canary that logs less of the
/// ordinary looks the same as one that is worse.
fn more(
    tally: Tally,
    canary: Exposure,
    stable: Exposure,
    exposures: (f64, f64),
    thresholds: &Thresholds,
) -> Novelty {
    let rate = |count: u64, exposure: f64| count as f64 / exposure.max(1.0);
    if rate(tally.canary, exposures.0) < thresholds.min_ratio * rate(tally.stable, exposures.1) {
        Novelty::Alike
    } else if rate(tally.canary, f64::from(canary.pods)) < rate(tally.stable, f64::from(stable.pods)) {
        Novelty::Unknown
    } else {
        Novelty::More
    }
}

fn exposures(canary: Exposure, stable: Exposure, thresholds: &Thresholds) -> (f64, f64) {
    if canary.quiet_lines.min(stable.quiet_lines) >= thresholds.min_quiet_lines {
        (canary.quiet_lines as f64, stable.quiet_lines as f64)
    } else {
        (f64::from(canary.pods.max(1)), f64::from(stable.pods.max(1)))
    }
}

/// The two-sided p of `count` of `total` where each falls on the canary with probability `share`: the sum over all outcomes
/// that are no more likely.
pub(crate) fn two_sided(count: u64, total: u64, share: f64) -> f64 {
    if total == 0 || share <= 0.0 || share >= 1.0 {
        return 1.0;
    }
    if total > EXACT_UP_TO {
        return two_sided_normal(count as f64, total as f64, share);
    }
    let logs = (share.ln(), (1.0 - share).ln());
    let mut log_choose = 0.0;
    let mut outcomes = Vec::new();
    for k in 0..=total {
        outcomes.push(log_choose + k as f64 * logs.0 + (total - k) as f64 * logs.1);
        log_choose += ((total - k) as f64).ln() - ((k + 1) as f64).ln();
    }
    let observed = usize::try_from(count).ok().and_then(|at| outcomes.get(at)).copied().unwrap_or(0.0);
    // Equal likelihoods differ by rounding; R's `binom.test` allows the same relative error.
    outcomes
        .iter()
        .filter(|outcome| **outcome <= observed + 1e-7)
        .map(|outcome| outcome.exp())
        .sum::<f64>()
        .min(1.0)
}

/// Normal approximation with continuity correction; the tail bound `exp(-z²/2)` errs on the side of no difference.
fn two_sided_normal(count: f64, total: f64, share: f64) -> f64 {
    let deviation = ((count - total * share).abs() - 0.5).max(0.0);
    let z = deviation / (total * share * (1.0 - share)).sqrt();
    (-z * z / 2.0).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(canary: u64, stable: u64, lines: (u64, u64)) -> Novelty {
        let tally = Tally { canary, stable, died: 0 };
        let canary = Exposure { pods: 1, quiet_lines: lines.0 };
        let stable = Exposure { pods: 2, quiet_lines: lines.1 };
        novelty(tally, canary, stable, &Thresholds::default())
    }

    #[test]
    fn the_exact_test_gives_the_values_of_the_binomial() {
        assert!((two_sided(5, 5, 1.0 / 3.0) - 0.004_115).abs() < 1e-5);
        assert!((two_sided(8, 8, 0.5) - 0.007_812).abs() < 1e-5);
        assert!((two_sided(4, 8, 0.5) - 1.0).abs() < 1e-9);
        assert!(two_sided(412, 412, 0.2) < 1e-200);
        assert!(two_sided(6_000, 6_100, 0.5) < 1e-9 && two_sided(5_010, 10_000, 0.5) > 0.5);
    }

    #[test]
    fn small_counts_are_no_difference() {
        for count in 1..=2 {
            assert_eq!(judged(count, 0, (200, 2_000)), Novelty::Unknown, "{count}");
        }
        assert_eq!(judged(4, 0, (0, 0)), Novelty::Unknown);
        assert_eq!(judged(4, 3, (200, 400)), Novelty::Alike);
    }

    #[test]
    fn what_only_the_canary_shows_often_enough_is_new_by_volume_or_by_pods() {
        assert_eq!(judged(3, 0, (200, 2_000)), Novelty::New);
        assert_eq!(judged(5, 0, (0, 0)), Novelty::New);
    }

    #[test]
    fn a_canary_with_more_traffic_is_not_worse() {
        assert_eq!(judged(50, 10, (1_000, 200)), Novelty::Alike);
        assert_eq!(judged(200, 10, (1_000, 1_000)), Novelty::More);
        assert_eq!(judged(10, 200, (1_000, 1_000)), Novelty::Less);
    }

    #[test]
    fn a_canary_that_only_logs_less_of_the_ordinary_is_not_called_worse() {
        assert_eq!(judged(40, 100, (50, 10_000)), Novelty::Unknown);
    }

    #[test]
    fn one_line_in_the_log_of_a_container_that_died_is_new_and_nothing_is_when_stable_was_not_read() {
        let tally = Tally { canary: 1, stable: 0, died: 1 };
        let (canary, stable) = (Exposure { pods: 1, quiet_lines: 2 }, Exposure { pods: 2, quiet_lines: 90 });
        let thresholds = Thresholds::default();
        assert_eq!(novelty(tally, canary, stable, &thresholds), Novelty::New);
        assert_eq!(novelty(tally, canary, Exposure::default(), &thresholds), Novelty::Unknown);
        let background = Tally { stable: 1, ..tally };
        assert_ne!(novelty(background, canary, stable, &thresholds), Novelty::New);
    }
}
