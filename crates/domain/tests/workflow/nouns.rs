//! Incidents, verdicts and pull requests for the tests of the workflow, and the steps between them.

use chrono::{DateTime, TimeDelta, Utc};
use rollmend_domain::workflow::{Detection, Effect, Event, Next, Run, Trigger, open, transition};
use rollmend_domain::{
    AnalystKind, CaseId, Category, Confidence, Fingerprint, Grounds, Handoff, IncidentIdentity, Mode,
    NamedRepository, NoHandoff, Patch, Proposal, PullRequest, PullRequestNumber, PullRequestState,
    Repository, RepositoryStanding, RepositoryUrl, RolloutRef, RunEnd, Stage, Standing, Suspect, Trouble,
    Verdict, branch_for,
};

pub(crate) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap() + TimeDelta::seconds(second)
}

pub(crate) fn identity() -> IncidentIdentity {
    IncidentIdentity {
        cluster: "c1".parse().unwrap(),
        rollout: RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() },
        uid: "11e7bd8a".parse().unwrap(),
        canary: "86686d4656".parse().unwrap(),
    }
}

pub(crate) fn detection(mode: Mode, trigger: Trigger, troubles: Vec<Trouble>) -> Detection {
    let named = NamedRepository::default();
    Detection { identity: identity(), mode, attempt_started_at: at(-60), troubles, trigger, named }
}

pub(crate) fn failed(metric: &str) -> Trouble {
    Trouble::MetricFailed { metric: metric.parse().unwrap(), message: "0.19 > 0.05".into() }
}

pub(crate) fn opened(mode: Mode) -> Run {
    open(detection(mode, Trigger::Watch, vec![failed("errors")]), at(0)).run
}

pub(crate) fn case(digit: char) -> CaseId {
    String::from(digit).repeat(64).parse().unwrap()
}

pub(crate) fn sha(digit: char) -> rollmend_domain::CommitSha {
    String::from(digit).repeat(40).parse().unwrap()
}

pub(crate) fn repository() -> Repository {
    let url = RepositoryUrl::parse("https://github.com/acme/shop").unwrap();
    Repository { url, base: "main".parse().unwrap(), paths: vec![], labels: vec![] }
}

pub(crate) fn verdict(run: &Run, case: CaseId, headline: &str) -> Box<Verdict> {
    Box::new(Verdict {
        incident: run.id.clone(),
        attempt: run.attempt,
        case,
        category: Category::Code,
        confidence: Confidence::of(90),
        headline: headline.into(),
        analysis: String::new(),
        root_cause: String::new(),
        remediation: String::new(),
        claims: vec![],
        ruled_out: vec![],
        suspects: vec![Suspect {
            sha: sha('a'),
            subject: "split payments".into(),
            score: 95,
            reasons: vec![],
            grounds: Grounds::FrameInItsLines,
            files: vec![],
        }],
        canary_commit: Some(sha('c')),
        standing: Standing::Trouble,
        fingerprint: Fingerprint::default(),
        analyst: AnalystKind::Rules,
    })
}

pub(crate) fn hand_off(verdict: &Verdict) -> Next {
    let standing = RepositoryStanding::Allowed { repository: repository() };
    let handoff = Handoff::from_verdict(&identity(), verdict, &standing, Confidence::of(70)).unwrap();
    Next::HandOff { handoff: Box::new(handoff) }
}

pub(crate) fn explain() -> Next {
    Next::Explain { why: NoHandoff::NoRepository }
}

pub(crate) fn proposal() -> Box<Proposal> {
    let base = "main".parse().unwrap();
    Box::new(Proposal {
        repository: repository(),
        branch: branch_for(&base, &sha('a')),
        patch: Patch {
            base,
            base_commit: sha('b'),
            commit: sha('d'),
            reverts: sha('a'),
            kind: rollmend_domain::PatchKind::Revert,
            flagged: vec![],
            files: vec![],
            diff: String::new(),
        },
        title: "Revert".into(),
        body: String::new(),
    })
}

pub(crate) fn pull_request() -> PullRequest {
    PullRequest {
        number: PullRequestNumber(7),
        url: "https://github.com/acme/shop/pull/7".into(),
        author: "rollmend".into(),
        branch: branch_for(&"main".parse().unwrap(), &sha('a')),
        head: sha('d'),
        state: PullRequestState::Open,
    }
}

/// Applies an event that must say something.
pub(crate) fn step(run: &Run, event: Event) -> (Run, Vec<Effect>) {
    let next = transition(run, event, at(9)).unwrap();
    assert_eq!(next.run.version, run.version + 1);
    (next.run, next.effects)
}

pub(crate) fn frozen(run: &Run, stage: Stage) -> (Run, Vec<Effect>) {
    let digit = if stage == Stage::AtTrouble { '1' } else { '2' };
    step(run, Event::CaseFrozen { attempt: run.attempt, stage, case: case(digit) })
}

pub(crate) fn judged(run: &Run, stage: Stage, headline: &str, next: Option<Next>) -> (Run, Vec<Effect>) {
    let digit = if stage == Stage::AtTrouble { '1' } else { '2' };
    let verdict = verdict(run, case(digit), headline);
    let next = next.unwrap_or_else(|| hand_off(&verdict));
    step(run, Event::VerdictReached { stage, verdict, next })
}

pub(crate) fn aborted() -> Event {
    Event::RunEnded { end: RunEnd::Aborted("metric failed".into()) }
}

/// To `Patching`, with an abort on the way.
pub(crate) fn patching(mode: Mode) -> (Run, Vec<Effect>) {
    let (run, _) = frozen(&opened(mode), Stage::AtTrouble);
    let (run, _) = judged(&run, Stage::AtTrouble, "first", Some(explain()));
    let (run, _) = step(&run, aborted());
    let (run, _) = frozen(&run, Stage::AtEnd);
    judged(&run, Stage::AtEnd, "second", None)
}

pub(crate) fn proposed() -> Run {
    let (run, _) = patching(Mode::Propose);
    let (run, _) = step(&run, Event::PatchMade { proposal: proposal() });
    step(&run, Event::ProposalOpened { repository: Box::new(repository()), pull_request: pull_request() }).0
}
