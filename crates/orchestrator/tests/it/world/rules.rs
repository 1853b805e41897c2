//! Plain rules in place of the real digest, analyst, fixer and voice: a failed metric, an abort and a line with `ERROR` are trouble.

use async_trait::async_trait;
use domain::ports::{
    Analyst, Announcement, Comment, Digest, Fixer, LogSuspicion, Severity, VerdictAnnotation, Voice,
};
use domain::workflow::{Occasion, Run};
use domain::{
    AnalysisPhase, AnalystKind, AttemptNumber, Brief, CaseFile, CaseId, Category, Confidence, EvidenceAmount,
    ExhibitBody, Failure, Fingerprint, GateAnswer, GateDecision, GateRefusal, GateSettings, Grounds, Handoff,
    LogExcerpt, Marker, NoPatch, Observation, PodHash, Promotion, Proposal, RangeFinding, ReplicaSet,
    Revision, Rollout, RolloutRef, Side, Standing, Suspect, Trouble, Verdict, Volume, branch_for,
};

use super::Hold;
use super::nouns::SUSPECT;

impl Digest for Hold {
    fn troubles(&self, observation: &Observation) -> Vec<Trouble> {
        let panics = self.world.change(|state| std::mem::take(&mut state.rule_panics));
        assert_eq!(panics, 0, "a bug in the rule");
        let failed = observation.runs.iter().flat_map(|run| &run.metrics);
        let failed = failed.filter(|metric| metric.phase == AnalysisPhase::Failed);
        let mut troubles: Vec<Trouble> = failed
            .map(|metric| Trouble::MetricFailed { metric: metric.name.clone(), message: String::new() })
            .collect();
        if let Some(abort) = &observation.rollout.abort {
            troubles.push(if abort.by_hand() {
                Trouble::AbortedByHand
            } else {
                Trouble::Aborted { message: abort.message.clone() }
            });
        }
        troubles
    }

    fn suspicion(&self, canary: &[LogExcerpt]) -> LogSuspicion {
        if errors(canary) > 0 { LogSuspicion::ReadStable } else { LogSuspicion::None }
    }

    fn log_troubles(&self, canary: &[LogExcerpt], stable: &[LogExcerpt]) -> Vec<Trouble> {
        let (canary, stable) = (errors(canary), errors(stable));
        if canary <= stable {
            return vec![];
        }
        vec![Trouble::LogErrors { template: "error".to_owned(), canary, stable }]
    }

    fn revisions(&self, _: &Rollout, set: &ReplicaSet) -> Vec<Revision> {
        vec![Revision { named: set.hash.to_string(), source: "image tag".to_owned() }]
    }

    fn brief(&self, case: &CaseFile, id: &CaseId) -> Brief {
        let logs = |side| -> Vec<LogExcerpt> {
            case.exhibits
                .iter()
                .filter_map(|exhibit| match &exhibit.body {
                    ExhibitBody::Log { log } if log.side == side => Some(log.clone()),
                    _ => None,
                })
                .collect()
        };
        let (canary, stable) = (logs(Side::Canary), logs(Side::Stable));
        let failed = case.exhibits.iter().any(|exhibit| {
            matches!(&exhibit.body, ExhibitBody::AnalysisRun { run } if run.phase == AnalysisPhase::Failed)
        });
        let range = case.exhibits.iter().find(|exhibit| matches!(exhibit.body, ExhibitBody::Range { .. }));
        Brief {
            case: id.clone(),
            standing: match (errors(&canary), errors(&stable)) {
                (0, _) if !failed => Standing::Clean,
                (of_canary, of_stable) if of_canary > of_stable || failed => Standing::Trouble,
                _ => Standing::SameOnStable,
            },
            fingerprint: Fingerprint(case.header.troubles.iter().map(Trouble::class).collect()),
            volume: Volume {
                canary_lines: canary.iter().map(LogExcerpt::line_count).sum(),
                stable_lines: stable.iter().map(LogExcerpt::line_count).sum(),
                canary_pods: 1,
                stable_pods: 2,
                dropped_lines: 0,
            },
            metrics: vec![],
            pods: vec![],
            traces: vec![],
            templates: vec![],
            changes: vec![],
            range: match range {
                Some(exhibit) => RangeFinding::Known {
                    exhibit: exhibit.id,
                    commits: 5,
                    canary: super::nouns::HEAD.parse().unwrap(),
                    suspects: vec![Suspect {
                        sha: SUSPECT.parse().unwrap(),
                        subject: "show display names".to_owned(),
                        score: 90,
                        reasons: vec![],
                        grounds: Grounds::FrameInItsLines,
                        files: vec![],
                    }],
                },
                None => RangeFinding::Unknown { why: "not read".to_owned() },
            },
            left_out: vec![],
        }
    }

    fn gate(&self, brief: &Brief, amount: &EvidenceAmount, settings: &GateSettings) -> GateDecision {
        let figures =
            format!("{:?} requests, {} lines, {:?} quiet", amount.requests, amount.lines, amount.quiet_for);
        let enough = amount.requests.is_some_and(|count| count >= settings.min_requests)
            || amount.lines >= settings.min_lines
            || amount.quiet_for >= settings.min_observation;
        match brief.standing {
            Standing::Trouble => GateDecision::Refuse,
            Standing::SameOnStable => GateDecision::CannotJudge,
            Standing::Clean if enough => GateDecision::Promote { confidence: 80, figures },
            Standing::Clean => GateDecision::TooLittle { figures },
        }
    }
}

fn errors(logs: &[LogExcerpt]) -> u64 {
    logs.iter().flat_map(LogExcerpt::lines).filter(|line| line.text.contains("ERROR")).count() as u64
}

#[async_trait]
impl Analyst for Hold {
    async fn analyze(&self, case: &std::sync::Arc<CaseFile>, brief: &Brief) -> Verdict {
        self.call("analyze").await.expect("an analyst never fails");
        let (suspects, canary_commit) = match &brief.range {
            RangeFinding::Known { suspects, canary, .. } => (suspects.clone(), Some(canary.clone())),
            RangeFinding::Unknown { .. } => (vec![], None),
        };
        Verdict {
            incident: case.header.incident.clone(),
            attempt: case.header.attempt,
            case: brief.case.clone(),
            category: Category::Code,
            confidence: Confidence::of(90),
            headline: "the canary fails".to_owned(),
            analysis: String::new(),
            root_cause: String::new(),
            remediation: String::new(),
            claims: vec![],
            ruled_out: vec![],
            suspects,
            canary_commit,
            standing: brief.standing,
            fingerprint: brief.fingerprint.clone(),
            analyst: AnalystKind::Rules,
        }
    }
}

#[async_trait]
impl Fixer for Hold {
    async fn fix(&self, handoff: &Handoff, _: &CaseFile) -> Result<Result<Proposal, NoPatch>, Failure> {
        let suspect = &handoff.suspects()[0].sha;
        self.call("fix").await?;
        let code: &dyn domain::ports::Code = self;
        let patch = code.revert(handoff.repository(), suspect, handoff.canary_commit(), "Revert").await?;
        let marker = Marker { incident: handoff.incident().clone(), suspect: suspect.clone() };
        Ok(patch.map(|patch| Proposal {
            repository: handoff.repository().clone(),
            branch: branch_for(&handoff.repository().base, suspect),
            patch,
            title: "Revert".to_owned(),
            body: marker.to_string(),
        }))
    }
}

impl Voice for Hold {
    fn announcement(&self, run: &Run, occasion: Occasion) -> Option<Announcement> {
        Some(Announcement {
            key: format!("{} {} {occasion:?}", run.id, run.attempt),
            severity: Severity::Warning,
            reason: "Verdict".to_owned(),
            message: run.state.name().to_string(),
        })
    }

    fn annotation(&self, run: &Run) -> Option<VerdictAnnotation> {
        let verdict = run.verdict.as_ref()?;
        let url = run.proposed.as_ref().map(|(_, pull)| pull.url.clone()).unwrap_or_default();
        Some(VerdictAnnotation { hash: run.identity.canary.clone(), sentence: verdict.headline.clone(), url })
    }

    fn answer(&self, run: &Run) -> Option<GateAnswer> {
        let verdict = run.verdict.as_ref()?;
        Some(GateAnswer {
            promotion: Promotion::Hold,
            confidence: verdict.confidence.get(),
            analysis: verdict.headline.clone(),
            root_cause: String::new(),
            remediation: String::new(),
            pull_request: run.proposed.as_ref().map(|(_, pull)| pull.url.clone()),
        })
    }

    fn clean_answer(&self, _: &RolloutRef, _: &PodHash, confidence: u8, figures: &str) -> GateAnswer {
        GateAnswer {
            promotion: Promotion::Promote,
            confidence,
            analysis: figures.to_owned(),
            root_cause: String::new(),
            remediation: String::new(),
            pull_request: None,
        }
    }

    fn refusal_announcement(
        &self,
        rollout: &RolloutRef,
        canary: &PodHash,
        attempt: AttemptNumber,
        refusal: &GateRefusal,
    ) -> Option<Announcement> {
        Some(Announcement {
            key: format!("{rollout} {canary} {attempt} {}", std::mem::discriminant(refusal).name()),
            severity: Severity::Warning,
            reason: "GateRefused".to_owned(),
            message: refusal.to_string(),
        })
    }

    fn passed_comment(&self, run: &Run) -> Comment {
        let marker = format!("<!-- passed {} -->", run.id);
        Comment { body: format!("passed {marker}"), marker }
    }
}

/// A name for a kind of refusal.
trait Named {
    fn name(&self) -> String;
}

impl Named for std::mem::Discriminant<GateRefusal> {
    fn name(&self) -> String {
        format!("{self:?}")
    }
}
