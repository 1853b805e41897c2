//! Who judges and who mends. A changed file may put others in their place while the daemon runs; what was begun is ended by those who
//! began it.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use domain::ports::{Analyst, Fixer};
use domain::{Brief, CaseFile, Failure, Handoff, NoPatch, Proposal, Verdict};

use crate::config::Config;

/// Those whom a file asks for, and the secrets that they were given.
#[derive(Clone)]
pub(super) struct Hired {
    pub(super) analyst: Arc<dyn Analyst>,
    pub(super) fixer: Arc<dyn Fixer>,
    /// By value, for the redactor.
    pub(super) secrets: Vec<String>,
}

/// Finds those whom a file asks for; fails where they cannot be had, such as without their key.
pub(super) type Hire = Box<dyn Fn(&Config) -> miette::Result<Hired> + Send + Sync>;

/// Whoever judges and mends now.
pub(super) struct Staff {
    now: RwLock<Hired>,
    hire: Hire,
}

impl Staff {
    /// Those of the file with which the daemon starts.
    pub(super) fn of(config: &Config, hire: Hire) -> miette::Result<Self> {
        Ok(Self { now: RwLock::new(hire(config)?), hire })
    }

    /// Those whom a changed file asks for; nobody is replaced yet.
    pub(super) fn look_for(&self, config: &Config) -> miette::Result<Hired> {
        (self.hire)(config)
    }

    /// Puts them in place.
    pub(super) fn replace(&self, hired: Hired) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = hired;
    }

    /// Those of now.
    pub(super) fn now(&self) -> Hired {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Analyst for Staff {
    async fn analyze(&self, case: &Arc<CaseFile>, brief: &Brief) -> Verdict {
        self.now().analyst.analyze(case, brief).await
    }
}

#[async_trait]
impl Fixer for Staff {
    async fn fix(&self, handoff: &Handoff, case: &CaseFile) -> Result<Result<Proposal, NoPatch>, Failure> {
        self.now().fixer.fix(handoff, case).await
    }
}
