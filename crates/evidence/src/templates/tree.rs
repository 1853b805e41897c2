//! The tree of fixed depth: class, number of words, first word, second word; under each leaf the templates.

use std::collections::BTreeMap;

use domain::TemplateClass;

use super::mask::MASK;
use super::{Sight, Template, id_of};
use crate::compare::Tally;
use crate::excerpt;
use crate::thresholds::Thresholds;

type Leaf = (TemplateClass, usize, String, String);

/// Templates that grow as masked messages are taken in sorted order.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    thresholds: &'a Thresholds,
    leaves: BTreeMap<Leaf, Vec<Cluster>>,
}

#[derive(Debug)]
struct Cluster {
    words: Vec<String>,
    tally: Tally,
    sight: Sight,
}

impl<'a> Tree<'a> {
    /// An empty tree.
    pub(super) fn new(thresholds: &'a Thresholds) -> Self {
        Self { thresholds, leaves: BTreeMap::new() }
    }

    /// Joins the message to the most similar template of its leaf, or makes a new one.
    pub(super) fn take(&mut self, masked: &str, class: TemplateClass, tally: Tally, sight: Sight) {
        let words: Vec<&str> = masked.split(' ').collect();
        let clusters = self.leaves.entry(leaf(&words, class)).or_default();
        let full = clusters.len() >= self.thresholds.templates_per_leaf;
        let best = clusters
            .iter_mut()
            .map(|cluster| (similarity(&cluster.words, &words), cluster))
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        match best {
            Some((similarity, cluster)) if full || similarity >= self.thresholds.similarity => {
                cluster.join(&words, tally, &sight);
            }
            _ => {
                clusters.push(Cluster {
                    words: words.into_iter().map(str::to_owned).collect(),
                    tally,
                    sight,
                });
            }
        }
    }

    /// The templates, in the order of their ids.
    pub(super) fn templates(self) -> Vec<Template> {
        let mut templates: Vec<Template> = self
            .leaves
            .into_iter()
            .flat_map(|((class, ..), clusters)| clusters.into_iter().map(move |cluster| (class, cluster)))
            .map(|(class, cluster)| {
                let pattern = cluster.words.join(" ");
                Template {
                    id: id_of(&pattern),
                    pattern: excerpt::bounded(&pattern, excerpt::SHOWN),
                    class,
                    tally: cluster.tally,
                    sight: cluster.sight,
                }
            })
            .collect();
        templates.sort_by(|a, b| (&a.id, a.class).cmp(&(&b.id, b.class)));
        templates
    }
}

fn leaf(words: &[&str], class: TemplateClass) -> Leaf {
    let word = |at: usize| {
        let word = words.get(at).copied().unwrap_or_default();
        if word.contains(MASK) { MASK.to_owned() } else { word.to_owned() }
    };
    (class, words.len(), word(0), word(1))
}

/// The share of words that are equal.
fn similarity(template: &[String], words: &[&str]) -> f64 {
    let equal = template.iter().zip(words).filter(|(a, b)| a.as_str() == **b).count();
    equal as f64 / words.len().max(1) as f64
}

impl Cluster {
    fn join(&mut self, words: &[&str], tally: Tally, sight: &Sight) {
        for (mine, theirs) in self.words.iter_mut().zip(words) {
            if mine != theirs {
                MASK.clone_into(mine);
            }
        }
        self.tally += tally;
        self.sight.prefer_canary(sight);
    }
}
