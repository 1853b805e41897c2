//! A bench for a fixer: the base branch's tree with changes that no branch has yet, and the tools that look at it and change it.
//!
//! Everything is a git object of the bare clone. A change makes a new tree, and the bench moves on to it: what is refused leaves
//! no trace, and a restart finds the bench by the ids of two objects.
//!
//! Refuses to know: who asks and why, and what a change means.

mod change;
mod errand;
mod ground;
mod history;
mod list;
mod open;
mod patch;
mod read;
mod search;
mod syntax;
mod text;
mod tree;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::ports::{Workbench, Workshop};
use domain::{CommitSha, Failure, Handoff, NoPatch, Patch, Repository, Tool};
use git2::Oid;

use crate::code::{BareClones, Workplace};
use crate::fault::{Doing, of_git};
use crate::gauge::Gauge;
use crate::revert::paths::PathRules;

use errand::Bound;
use ground::Known;
use open::OpenBench;
pub(crate) use open::OpenBenches;

/// A repository with changes, shared by its tools.
struct Bench {
    clones: BareClones,
    repository: Repository,
    known: Known,
    rules: PathRules,
    place: Mutex<Place>,
    _open: OpenBench,
}

/// Where a bench stands: the base branch's commit that it began with, and the tree that it has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    base: Oid,
    tree: Oid,
}

impl Bench {
    fn place(&self) -> Place {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn move_on(&self, tree: Oid) {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).tree = tree;
    }
}

/// A bench as the port wants it.
struct OnBench(Arc<Bench>);

#[async_trait]
impl Workshop for BareClones {
    async fn open(&self, handoff: &Handoff, state: Option<&str>) -> Result<Arc<dyn Workbench>, Failure> {
        let open = self.benches.one_more();
        let repository = handoff.repository().clone();
        let rules = PathRules::new(&repository)?;
        let known = Known::of(handoff);
        let wanted: Vec<CommitSha> = known.commits().cloned().collect();
        let state = state.map(Place::parse).transpose()?;
        let work = move |place: &mut Workplace| lay_out(place, &wanted, state);
        let place = Mutex::new(self.run(&repository, Doing::Fetch, work).await?);
        let clones = self.clone();
        Ok(Arc::new(OnBench(Arc::new(Bench { clones, repository, known, rules, place, _open: open }))))
    }
}

/// Fetches the base branch and the commits of the handoff, and finds the tree to begin with.
fn lay_out(workplace: &Workplace, wanted: &[CommitSha], state: Option<Place>) -> Result<Place, Failure> {
    let upstream = workplace.upstream();
    let tip = workplace.base(&upstream)?;
    for sha in wanted {
        // One that is nowhere is missed only by who asks for it.
        Workplace::commit(&upstream, sha)?;
    }
    let mut gauge = Gauge::new(upstream.clone, upstream.limits);
    gauge.check(&tip)?;
    let Some(place) = state else { return Ok(Place { base: tip.id(), tree: tip.tree_id() }) };
    let clone = upstream.clone;
    let on_branch =
        tip.id() == place.base || clone.graph_descendant_of(tip.id(), place.base).unwrap_or(false);
    if !on_branch || clone.find_tree(place.tree).is_err() {
        return Err(unknown_state("its objects are not in the clone, or not on the base branch"));
    }
    let base = clone.find_commit(place.base).map_err(|e| of_git(e, "read the commit of a bench"))?;
    gauge.check(&base)?;
    gauge.check_tree(place.tree, format_args!("the tree of a bench"))?;
    Ok(place)
}

impl Place {
    fn parse(state: &str) -> Result<Self, Failure> {
        let ids = state.split_once(' ').and_then(|(base, tree)| Some((whole_id(base)?, whole_id(tree)?)));
        let (base, tree) = ids.ok_or_else(|| unknown_state("it does not name two objects"))?;
        Ok(Self { base, tree })
    }
}

/// An id in full: libgit2 takes an abbreviated one for one with zeros behind.
fn whole_id(text: &str) -> Option<Oid> {
    (text.len() == 40).then(|| Oid::from_str(text).ok()).flatten()
}

fn unknown_state(why: &str) -> Failure {
    Failure::give_up("bench-state", format!("go on with a bench: {why}"))
}

#[async_trait]
impl Workbench for OnBench {
    fn tools(&self) -> Vec<Arc<dyn Tool>> {
        let bench = || Arc::clone(&self.0);
        vec![
            Bound::<list::List>::to(bench()),
            Bound::<search::Search>::to(bench()),
            Bound::<read::ReadFile>::to(bench()),
            Bound::<history::GitRange>::to(bench()),
            Bound::<history::ShowCommit>::to(bench()),
            Bound::<change::Edit>::to(bench()),
            Bound::<change::WriteFile>::to(bench()),
        ]
    }

    fn state(&self) -> String {
        let Place { base, tree } = self.0.place();
        format!("{base} {tree}")
    }

    async fn patch(&self, message: &str) -> Result<Result<Patch, NoPatch>, Failure> {
        let (bench, message) = (Arc::clone(&self.0), message.to_owned());
        let place = bench.place();
        let repository = bench.repository.clone();
        let work = move |clone: &git2::Repository, limits: &crate::settings::Limits, _: &_| {
            patch::Changes { clone, limits, bench: &bench, place }.patch(&message)
        };
        self.0.clones.at_hand(&repository, work).await
    }
}
