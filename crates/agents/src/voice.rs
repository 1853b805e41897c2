//! How the product speaks: small pure functions from domain values to words.
//!
//! The tone is a colleague's who has looked already: what broke, since when, what shows it, what was ruled out, what is not
//! known. Every figure comes from the case. Text from outside is bounded, on one line, and fenced.
//!
//! Refuses to know who reads the words, and how they get there.

pub mod answer;
pub mod comment;
pub mod event;
pub mod judged;
pub mod markdown;
pub mod plain;
pub mod pull_request;
pub mod terminal;

use domain::ports::{Announcement, Comment, VerdictAnnotation, Voice};
use domain::workflow::{Occasion, Run};
use domain::{AttemptNumber, GateAnswer, GateRefusal, PodHash, RolloutRef};

/// The [`Voice`] of this product.
#[derive(Debug, Clone, Copy, Default)]
pub struct Speaker;

impl Voice for Speaker {
    fn announcement(&self, run: &Run, occasion: Occasion) -> Option<Announcement> {
        event::announcement(run, occasion)
    }

    fn annotation(&self, run: &Run) -> Option<VerdictAnnotation> {
        event::annotation(run)
    }

    fn answer(&self, run: &Run) -> Option<GateAnswer> {
        answer::of_run(run)
    }

    fn clean_answer(
        &self,
        rollout: &RolloutRef,
        canary: &PodHash,
        confidence: u8,
        figures: &str,
    ) -> GateAnswer {
        answer::clean(rollout, canary, confidence, figures)
    }

    fn refusal_announcement(
        &self,
        rollout: &RolloutRef,
        canary: &PodHash,
        attempt: AttemptNumber,
        refusal: &GateRefusal,
    ) -> Option<Announcement> {
        event::refusal(rollout, canary, attempt, refusal)
    }

    fn passed_comment(&self, run: &Run) -> Comment {
        comment::passed(run)
    }
}
