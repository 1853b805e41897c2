//! The one function that decides what happens next.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::effect::{Effect, Occasion};
use super::event::{Detection, Event, Next};
use super::run::{Run, State};
use crate::case::Stage;
use crate::id::{AttemptNumber, CaseId};
use crate::patch::NoPatch;
use crate::proposal::PullRequest;
use crate::repository::Repository;
use crate::settings::Mode;
use crate::trouble::{RunEnd, Trouble};
use crate::verdict::Verdict;

/// A new state and what it asks of the outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The state after the event.
    pub run: Run,
    /// In the order in which they are wanted.
    pub effects: Vec<Effect>,
}

/// Opens an incident: its first case file is frozen.
pub fn open(detection: Detection, at: DateTime<Utc>) -> Transition {
    let run = Run {
        id: detection.identity.id(),
        identity: detection.identity,
        mode: detection.mode,
        version: 1,
        opened_at: at,
        changed_at: at,
        triggers: BTreeSet::from([detection.trigger]),
        named: detection.named,
        attempt: AttemptNumber::FIRST,
        attempt_started_at: detection.attempt_started_at,
        troubles: detection.troubles,
        end: None,
        first_case: None,
        last_case: None,
        verdict: None,
        proposed: None,
        state: State::Gathering { stage: Stage::AtTrouble },
    };
    let effects = vec![freeze(&run, Stage::AtTrouble)];
    Transition { run, effects }
}

/// What an event makes of a run at a time. `None`: it says nothing new and is not recorded. An effect's result is always
/// recorded, also one that comes too late to matter.
pub fn transition(run: &Run, event: Event, at: DateTime<Utc>) -> Option<Transition> {
    let mut next = run.clone();
    let effects = match event {
        Event::Detected { detection } => next.detected(*detection)?,
        Event::RunEnded { end } => next.run_ended(end)?,
        Event::Retried { at } => next.retried(at)?,
        Event::Passed => next.passed()?,
        Event::Superseded { by } => {
            if run.state.name().is_final() {
                return None;
            }
            next.state = State::Superseded { by };
            Vec::new()
        }
        Event::CaseFrozen { attempt, stage, case } => next.case_frozen(attempt, stage, case),
        Event::VerdictReached { stage, verdict, next: leads_to } => {
            next.verdict_reached(stage, verdict, leads_to)
        }
        Event::PatchMade { proposal } => match next.state {
            State::Patching { .. } => {
                next.state = State::Proposing { proposal: proposal.clone() };
                vec![Effect::Propose { proposal }]
            }
            _ => Vec::new(),
        },
        Event::PatchRefused { why } => next.patch_refused(&why),
        Event::ProposalOpened { repository, pull_request } => next.proposal_opened(*repository, pull_request),
        Event::ProposalDeclined { pull_request } => match next.state {
            State::Proposing { .. } => next.ends_in(State::Declined { pull_request }),
            _ => Vec::new(),
        },
        Event::EffectDone => Vec::new(),
        Event::EffectFailed { reason } => match next.state {
            State::Gathering { .. }
            | State::Analyzing { .. }
            | State::Patching { .. }
            | State::Proposing { .. } => next.ends_in(State::Escalated { reason }),
            _ => Vec::new(),
        },
    };
    next.version += 1;
    next.changed_at = at;
    Some(Transition { run: next, effects })
}

fn freeze(run: &Run, stage: Stage) -> Effect {
    Effect::Freeze { attempt: run.attempt, stage }
}

impl Run {
    fn detected(&mut self, detection: Detection) -> Option<Vec<Effect>> {
        if self.state.name().is_final() {
            return None;
        }
        let new_trigger = self.triggers.insert(detection.trigger);
        let named = self.named.clone();
        self.named.annotation = named.annotation.or(detection.named.annotation);
        self.named.plugin = named.plugin.or(detection.named.plugin);
        self.named.request = named.request.or(detection.named.request);
        let known: BTreeSet<String> = self.troubles.iter().map(Trouble::class).collect();
        let new: Vec<Trouble> =
            detection.troubles.into_iter().filter(|trouble| !known.contains(&trouble.class())).collect();
        let says_something = new_trigger || !new.is_empty();
        self.troubles.extend(new);
        if matches!(self.state, State::Retrying) {
            // What the daemon may do is asked anew with the verdict: whoever has allowed more since retries the Rollout to have it.
            self.mode = detection.mode;
            self.state = State::Gathering { stage: Stage::AtTrouble };
            return Some(vec![freeze(self, Stage::AtTrouble)]);
        }
        says_something.then(Vec::new)
    }

    fn run_ended(&mut self, end: RunEnd) -> Option<Vec<Effect>> {
        if self.end.is_some() || self.state.name().is_final() {
            return None;
        }
        self.end = Some(end);
        Some(match self.state {
            State::Judged | State::HandedOff => self.gather_the_end(),
            _ => Vec::new(),
        })
    }

    fn gather_the_end(&mut self) -> Vec<Effect> {
        self.state = State::Gathering { stage: Stage::AtEnd };
        vec![freeze(self, Stage::AtEnd)]
    }

    fn retried(&mut self, at: DateTime<Utc>) -> Option<Vec<Effect>> {
        if matches!(self.state, State::Retrying) {
            return None;
        }
        self.attempt = self.attempt.next();
        self.attempt_started_at = at;
        self.troubles.clear();
        self.end = None;
        self.first_case = None;
        self.last_case = None;
        self.verdict = None;
        self.state = State::Retrying;
        Some(Vec::new())
    }

    fn passed(&mut self) -> Option<Vec<Effect>> {
        if self.state.name().is_final() && !matches!(self.state, State::Proposed { .. }) {
            return None;
        }
        self.state = State::Withdrawn;
        Some(match &self.proposed {
            Some((repository, pull_request)) => vec![Effect::TellPassed {
                repository: Box::new(repository.clone()),
                pull_request: pull_request.clone(),
            }],
            None => Vec::new(),
        })
    }

    fn case_frozen(&mut self, attempt: AttemptNumber, stage: Stage, case: CaseId) -> Vec<Effect> {
        if attempt != self.attempt || self.state != (State::Gathering { stage }) {
            return Vec::new();
        }
        match stage {
            Stage::AtTrouble => self.first_case = Some(case.clone()),
            Stage::AtEnd => self.last_case = Some(case.clone()),
        }
        self.state = State::Analyzing { stage };
        vec![Effect::Analyze { attempt, stage, case }]
    }

    fn verdict_reached(&mut self, stage: Stage, verdict: Box<Verdict>, next: Next) -> Vec<Effect> {
        if verdict.attempt != self.attempt || self.state != (State::Analyzing { stage }) {
            return Vec::new();
        }
        let says_something = self.verdict.as_ref().is_none_or(|old| old.headline != verdict.headline);
        let case = verdict.case.clone();
        self.verdict = Some(verdict);
        match stage {
            Stage::AtTrouble => {
                let mut effects = self.announce(Occasion::Verdict);
                if self.end.is_some() {
                    effects.extend(self.gather_the_end());
                } else {
                    self.state = match next {
                        Next::HandOff { .. } => State::HandedOff,
                        Next::Explain { .. } => State::Judged,
                    };
                }
                effects
            }
            Stage::AtEnd => match self.obstacle(&next) {
                None => match next {
                    Next::HandOff { handoff } => {
                        self.state = State::Patching { handoff: handoff.clone() };
                        vec![Effect::Fix { handoff, case }]
                    }
                    Next::Explain { why } => self.explained(why.to_string(), says_something),
                },
                Some(why) => self.explained(why, says_something),
            },
        }
    }

    /// Why a handoff must not be followed although the verdict would allow it.
    fn obstacle(&self, next: &Next) -> Option<String> {
        if matches!(next, Next::Explain { .. }) {
            return None;
        }
        match (&self.end, self.mode) {
            (Some(RunEnd::AbortedByHand), _) => {
                Some("open a pull request: a person aborted the Rollout, so it is only explained".to_owned())
            }
            (Some(RunEnd::Inconclusive(_)), _) => {
                Some("open a pull request: the analysis was inconclusive, so it is only explained".to_owned())
            }
            (_, Mode::Propose) => None,
            (_, Mode::Explain | Mode::Observe) => Some(
                "open a pull request: [daemon] mode does not allow it; set mode = \"propose\" in agents.toml"
                    .to_owned(),
            ),
        }
    }

    fn explained(&mut self, why: String, says_something: bool) -> Vec<Effect> {
        self.state = State::Explained { why };
        if says_something { self.announce(Occasion::Outcome) } else { Vec::new() }
    }

    fn patch_refused(&mut self, why: &NoPatch) -> Vec<Effect> {
        if !matches!(self.state, State::Patching { .. }) {
            return Vec::new();
        }
        let words = why.to_string();
        self.ends_in(if why.needs_a_human() {
            State::Escalated { reason: words }
        } else {
            State::Explained { why: words }
        })
    }

    /// The pull request exists from now on, also when a retry has meanwhile begun a new attempt.
    fn proposal_opened(&mut self, repository: Repository, pull_request: PullRequest) -> Vec<Effect> {
        self.proposed = Some((repository.clone(), pull_request.clone()));
        match self.state {
            State::Proposing { .. } => self.ends_in(State::Proposed { pull_request }),
            // It was being opened when the run passed: it is told so now.
            State::Withdrawn => {
                vec![Effect::TellPassed { repository: Box::new(repository), pull_request }]
            }
            _ => Vec::new(),
        }
    }

    fn ends_in(&mut self, state: State) -> Vec<Effect> {
        self.state = state;
        self.announce(Occasion::Outcome)
    }

    fn announce(&self, occasion: Occasion) -> Vec<Effect> {
        match self.mode {
            Mode::Observe => Vec::new(),
            Mode::Explain | Mode::Propose => vec![Effect::Announce { attempt: self.attempt, occasion }],
        }
    }
}
