//! What is kept: the journal and case files.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::case::CaseFile;
use crate::failure::Failure;
use crate::id::{CaseId, IncidentId};
use crate::workflow::{Effect, Event, Run};

/// Names an effect for ever: incident, the number of the event that asked for it, and its place in that event's list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EffectId {
    /// The incident.
    pub incident: IncidentId,
    /// The event's number, from 1.
    pub event: u64,
    /// From 0.
    pub index: u32,
}

/// One transition, to be written as one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The state after it; its `version` is the event's number.
    pub run: Run,
    /// When the event happened.
    pub at: DateTime<Utc>,
    /// The event.
    pub event: Event,
    /// The effects it asks for.
    pub effects: Vec<Effect>,
    /// The effect whose result the event is.
    pub settles: Option<EffectId>,
}

/// An effect without a result.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingEffect {
    /// Its name and idempotency key.
    pub id: EffectId,
    /// What is to be done.
    pub effect: Effect,
}

/// An event as it was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// Its number, from 1.
    pub number: u64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: Event,
}

/// The journal: event, state and asked-for effects in one transaction.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The incident's state.
    async fn load(&self, incident: &IncidentId) -> Result<Option<Run>, Failure>;

    /// Every incident, last changed first.
    async fn runs(&self) -> Result<Vec<Run>, Failure>;

    /// Writes a step; refused when another step with the same number is there.
    async fn commit(&self, step: &Step) -> Result<(), Failure>;

    /// Effects without a result, oldest first.
    async fn pending(&self) -> Result<Vec<PendingEffect>, Failure>;

    /// The incident's events, oldest first.
    async fn history(&self, incident: &IncidentId) -> Result<Vec<RecordedEvent>, Failure>;
}

/// Case files by content.
#[async_trait]
pub trait CaseStore: Send + Sync {
    /// Keeps it durably; the same content twice is kept once.
    async fn put(&self, case: &CaseFile) -> Result<CaseId, Failure>;

    /// Reads it back and checks that content and id agree.
    async fn get(&self, id: &CaseId) -> Result<CaseFile, Failure>;
}
