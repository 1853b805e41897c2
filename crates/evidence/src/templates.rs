//! Turns error lines into templates with counts.
//!
//! Drain's idea (He, Zhu, Zheng, Lyu: "Drain: An Online Log Parsing Approach with Fixed Depth Tree", ICWS 2017): mask what
//! varies by its shape, descend a tree of fixed depth, join what is similar enough. Unlike Drain, joining happens at the end
//! and over the distinct masked messages in their sorted order: how often a line was said and in which order changes no
//! template, so an id means the same in each digest of the same kinds of lines.

pub(crate) mod class;
mod mask;
mod tree;

use std::collections::HashMap;

use domain::{ExhibitId, Side, TemplateClass};
use sha2::{Digest, Sha256};

use crate::compare::Tally;
use crate::excerpt;
use crate::thresholds::Thresholds;

/// A template with what was counted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    /// The first 8 hex of SHA-256 over the pattern.
    pub(crate) id: String,
    /// The message with `<*>` for what varies, bounded.
    pub(crate) pattern: String,
    /// What its words name.
    pub(crate) class: TemplateClass,
    /// How often on each side.
    pub(crate) tally: Tally,
    /// Where it was seen first, the canary preferred.
    pub(crate) sight: Sight,
}

/// Where something was seen, and words that stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Whose log.
    pub(crate) side: Side,
    /// The log's exhibit; none outside a case.
    pub(crate) exhibit: Option<ExhibitId>,
    /// A piece of the line, exactly so.
    pub(crate) quote: String,
}

impl Sight {
    /// Takes the other sight when it is the canary's and this one is stable's.
    pub(crate) fn prefer_canary(&mut self, other: &Self) {
        if self.side == Side::Stable && other.side == Side::Canary {
            self.clone_from(other);
        }
    }
}

/// The first 8 hex of SHA-256 over a text.
pub(crate) fn id_of(text: &str) -> String {
    let digest = hex_of(&Sha256::digest(text));
    excerpt::head(&digest, 8).to_owned()
}

fn hex_of(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}

/// One distinct masked message.
#[derive(Debug)]
struct Distinct {
    class: TemplateClass,
    tally: Tally,
    sight: Sight,
}

/// Collects error lines.
#[derive(Debug)]
pub(crate) struct Miner<'a> {
    thresholds: &'a Thresholds,
    distinct: HashMap<String, Distinct>,
    uncounted: u64,
}

impl<'a> Miner<'a> {
    /// Nothing collected yet.
    pub(crate) fn new(thresholds: &'a Thresholds) -> Self {
        Self { thresholds, distinct: HashMap::new(), uncounted: 0 }
    }

    /// Takes an error line's message. `sight` is asked only for what is new.
    pub(crate) fn take(&mut self, message: &str, tally: Tally, sight: impl FnOnce() -> Sight) {
        let masked = mask::masked(message, self.thresholds.words);
        if let Some(known) = self.distinct.get_mut(&masked) {
            known.tally += tally;
            if known.sight.side == Side::Stable && tally.canary > 0 {
                known.sight = sight();
            }
        } else if self.distinct.len() < self.thresholds.distinct_messages {
            let class = class::of(message);
            self.distinct.insert(masked, Distinct { class, tally, sight: sight() });
        } else {
            self.uncounted += 1;
        }
    }

    /// Lines whose message was one too many to keep.
    pub(crate) fn uncounted(&self) -> u64 {
        self.uncounted
    }

    /// The templates, in the order of their ids.
    pub(crate) fn templates(self) -> Vec<Template> {
        let mut sorted: Vec<(String, Distinct)> = self.distinct.into_iter().collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let mut tree = tree::Tree::new(self.thresholds);
        for (masked, distinct) in sorted {
            tree.take(&masked, distinct.class, distinct.tally, distinct.sight);
        }
        tree.templates()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mined(lines: &[&str]) -> Vec<(String, u64)> {
        let thresholds = Thresholds::default();
        let mut miner = Miner::new(&thresholds);
        for line in lines {
            let sight = || Sight { side: Side::Canary, exhibit: None, quote: excerpt::quote(line) };
            miner.take(line, Tally { canary: 1, ..Tally::default() }, sight);
        }
        let mut found: Vec<_> = miner.templates().into_iter().map(|t| (t.pattern, t.tally.canary)).collect();
        found.sort();
        found
    }

    #[test]
    fn lines_that_differ_in_numbers_ids_addresses_and_names_are_one_template() {
        let found = mined(&[
            "2026-11-24 02:31:28,925 ERROR shop.Router - GET /users/37 failed for user alice",
            "2026-11-24 02:31:29,001 ERROR shop.Router - GET /users/941 failed for user bob",
            "ERROR order 550e8400-e29b-41d4-a716-446655440000 from 10.0.0.7:5432 lost",
            "ERROR order 6ba7b810-9dad-11d1-80b4-00c04fd430c8 from 10.0.0.8:5432 lost",
        ]);
        assert_eq!(
            found,
            [
                ("ERROR order <*> from <*> lost".to_owned(), 2),
                ("ERROR shop.Router - GET /users/<*> failed for user <*>".to_owned(), 2)
            ]
        );
    }

    #[test]
    fn neither_order_nor_repetition_changes_a_template() {
        let lines = ["ERROR a b c d", "ERROR a b c e", "ERROR a b x e", "ERROR q"];
        let once = mined(&lines);
        let mut again: Vec<&str> = lines.iter().rev().chain(&lines).copied().collect();
        again.push("ERROR q");
        let patterns = |found: Vec<(String, u64)>| found.into_iter().map(|(p, _)| p).collect::<Vec<_>>();
        assert_eq!(patterns(once), patterns(mined(&again)));
    }

    #[test]
    fn too_many_distinct_messages_are_counted_and_not_kept() {
        let thresholds = Thresholds { distinct_messages: 2, ..Thresholds::default() };
        let mut miner = Miner::new(&thresholds);
        for word in ["alpha", "beta", "gamma", "alpha"] {
            let sight = || Sight { side: Side::Canary, exhibit: None, quote: String::new() };
            miner.take(word, Tally { canary: 1, ..Tally::default() }, sight);
        }
        assert_eq!(miner.uncounted(), 1);
        assert_eq!(miner.templates().iter().map(|t| t.tally.canary).sum::<u64>(), 3);
    }
}
