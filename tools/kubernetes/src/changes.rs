//! Rollouts and AnalysisRuns of all watched namespaces as one stream of changes.
//!
//! Keeps the names and UIDs of the Rollouts that were reported, to say which are gone after a re-list; keeps no object.

use std::collections::BTreeMap;

use domain::ports::Change;
use domain::{Namespace, RolloutRef, Uid};
use futures::stream::{self, BoxStream, StreamExt};

use crate::api::{Api, Kind, Seen, Selector, watch};
use crate::settings::ClusterSettings;
use crate::shape;

/// The changes, from the first lists on. Never ends.
pub(crate) fn changes(api: &Api, settings: &ClusterSettings) -> BoxStream<'static, Change> {
    let feeds = feeds(settings);
    let streams: Vec<_> = feeds
        .iter()
        .enumerate()
        .map(|(index, (kind, namespace))| {
            watch(api, *kind, namespace.clone(), Selector::all(), settings.pace)
                .map(move |seen| (index, seen))
                .boxed()
        })
        .collect();
    let mut merging = Merging::new(feeds.len());
    stream::select_all(streams)
        .flat_map(move |(index, seen)| {
            let kind = feeds.get(index).map_or(Kind::Rollout, |(kind, _)| *kind);
            stream::iter(merging.take(index, kind, seen))
        })
        .chain(stream::pending())
        .boxed()
}

fn feeds(settings: &ClusterSettings) -> Vec<(Kind, Option<Namespace>)> {
    let scopes = settings.namespaces.scopes();
    [Kind::Rollout, Kind::AnalysisRun]
        .into_iter()
        .flat_map(|kind| scopes.iter().map(move |scope| (kind, scope.clone())))
        .collect()
}

/// What is known of each feed.
struct Merging {
    feeds: Vec<Feed>,
}

#[derive(Clone, Default)]
struct Feed {
    standing: Standing,
    /// Rollouts that were reported.
    known: BTreeMap<RolloutRef, Uid>,
    /// Those of the known ones that the list under way has not contained yet.
    missing: BTreeMap<RolloutRef, Uid>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Standing {
    #[default]
    Incomplete,
    Complete,
}

impl Merging {
    fn new(feeds: usize) -> Self {
        Self { feeds: vec![Feed::default(); feeds] }
    }

    fn take(&mut self, index: usize, kind: Kind, seen: Seen) -> Vec<Change> {
        let Some(feed) = self.feeds.get_mut(index) else { return Vec::new() };
        match seen {
            Seen::Begin => {
                feed.missing.clone_from(&feed.known);
                Vec::new()
            }
            Seen::Present(object) if kind == Kind::Rollout => feed.rollout(&object),
            Seen::Gone(object) if kind == Kind::Rollout => {
                let gone = shape::reference(&object).filter(|name| feed.known.remove(name).is_some());
                gone.map(Change::RolloutGone).into_iter().collect()
            }
            Seen::Present(object) => shape::analysis_run(&object)
                .map(|run| Change::AnalysisRun(Box::new(run)))
                .into_iter()
                .collect(),
            Seen::Gone(_) => Vec::new(),
            Seen::Complete => {
                let gone = std::mem::take(&mut feed.missing);
                feed.known.retain(|name, _| !gone.contains_key(name));
                feed.standing = Standing::Complete;
                let mut changes: Vec<_> = gone.into_keys().map(Change::RolloutGone).collect();
                if self.feeds.iter().all(|feed| feed.standing == Standing::Complete) {
                    changes.push(Change::Listed);
                }
                changes
            }
        }
    }
}

impl Feed {
    /// A Rollout of a known name with another UID is another one: the known one is gone.
    fn rollout(&mut self, object: &serde_json::Value) -> Vec<Change> {
        let Some(rollout) = shape::rollout(object) else { return Vec::new() };
        let name = rollout.rollout.clone();
        self.missing.remove(&name);
        let before = self.known.insert(name.clone(), rollout.uid.clone());
        let mut changes = Vec::new();
        if before.is_some_and(|uid| uid != rollout.uid) {
            changes.push(Change::RolloutGone(name));
        }
        changes.push(Change::Rollout(Box::new(rollout)));
        changes
    }
}
