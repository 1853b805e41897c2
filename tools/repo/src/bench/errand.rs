//! From a checked call of a model to work on git objects, and back.

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{Tool, ToolAccess, ToolFailure, ToolOutput, arguments, schema_of};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Bench;
use super::ground::Ground;

/// The arguments of a tool, and what it does with them.
pub(super) trait Errand: DeserializeOwned + JsonSchema + Send + 'static {
    const NAME: &'static str;
    const DESCRIPTION: &'static str;
    const ACCESS: ToolAccess;

    /// Does it, on a thread that may block.
    fn run(self, ground: &mut Ground<'_>) -> Result<ToolOutput, ToolFailure>;
}

/// A tool of one bench.
pub(super) struct Bound<E> {
    bench: Arc<Bench>,
    errand: PhantomData<fn() -> E>,
}

impl<E: Errand> Bound<E> {
    pub(super) fn to(bench: Arc<Bench>) -> Arc<dyn Tool> {
        Arc::new(Self { bench, errand: PhantomData })
    }
}

#[async_trait]
impl<E: Errand> Tool for Bound<E> {
    fn name(&self) -> &'static str {
        E::NAME
    }

    fn description(&self) -> &'static str {
        E::DESCRIPTION
    }

    fn schema(&self) -> Value {
        schema_of::<E>()
    }

    fn access(&self) -> ToolAccess {
        E::ACCESS
    }

    async fn call(&self, given: Value) -> Result<ToolOutput, ToolFailure> {
        let errand: E = arguments(given)?;
        let bench = Arc::clone(&self.bench);
        let repository = bench.repository.clone();
        let work = move |clone: &git2::Repository, limits: &_, patience: &_| {
            let (rules, known, place) = (&bench.rules, &bench.known, bench.place());
            let mut ground = Ground { clone, limits, patience, rules, known, place, changed: None };
            let done = errand.run(&mut ground);
            // The clone is held by one errand at a time, so nothing came between; whoever gave up is not surprised later.
            if let (Ok(_), Some(tree), Ok(())) = (&done, ground.changed, ground.go_on()) {
                bench.move_on(tree);
            }
            Ok(done)
        };
        self.bench.clones.at_hand(&repository, work).await?
    }
}
