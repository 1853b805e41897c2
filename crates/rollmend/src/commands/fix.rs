//! `rollmend fix`: what `analyze` does, and the patch: printed, written to a file, as a branch of a person's own clone, or as a pull
//! request. Without an option that says so, nothing is changed anywhere.

mod telling;

use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::ports::ModelUse;
use domain::{Handoff, Proposal, Standing};
use miette::miette;
use orchestrator::Offered;
use tool_github::GitHub;
use tool_repo::HandedOver;

use super::asking::{Answer, Asked, Question, Subject, Work, reference};
use super::file::{Existing, write};
use super::steps::{Mark, Output, Steps};
use crate::cli::FixOptions;
use crate::console::{Ending, print_raw};

/// Where the patch goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outlet {
    /// Standard output, among words for people or in JSON.
    Shown,
    /// Standard output, and nothing else.
    Bare,
    /// A file.
    File(PathBuf),
    /// A branch of a clone.
    Clone(PathBuf),
    /// A pull request.
    PullRequest,
}

/// What was done with it.
#[derive(Debug)]
enum Done {
    Shown,
    Written(PathBuf),
    Branch(PathBuf, HandedOver),
    Offered(Offered),
}

/// How it ended.
#[derive(Debug)]
enum Outcome {
    /// There is nothing to mend.
    Sound(String),
    /// There is, and no patch; why.
    NoPatch(String),
    /// A patch.
    Patch(Box<Proposal>, Done),
}

/// What mending took.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    used: ModelUse,
    took: Duration,
}

pub(crate) async fn run(path: &Path, options: &FixOptions) -> miette::Result<Ending> {
    let outlet = Outlet::of(options);
    let steps = match outlet {
        Outlet::Bare => Steps::Silent,
        _ => Steps::for_people(Output::from(options.json)),
    };
    let fixed = fix(path, options, &outlet, steps).await;
    if fixed.is_err() {
        steps.give_up();
    }
    fixed
}

impl Outlet {
    fn of(options: &FixOptions) -> Self {
        match (&options.output, &options.into, options.open) {
            (Some(file), _, _) if file == Path::new("-") => Self::Bare,
            (Some(file), _, _) => Self::File(file.clone()),
            (None, Some(into), _) => Self::Clone(into.clone()),
            (None, None, true) => Self::PullRequest,
            (None, None, false) => Self::Shown,
        }
    }

    /// What would keep the patch from getting there is said before anybody works on it.
    fn look(&self, question: &Question) -> miette::Result<Option<GitHub>> {
        match self {
            Self::PullRequest => question.errand.forge().map(Some),
            Self::Clone(into) if !into.is_dir() => Err(miette!(
                help = "name the top of a clone of yours",
                "there is no folder {}",
                into.display()
            )),
            Self::File(file) if file.exists() => {
                Err(miette!(help = "remove it, or name another file", "{} is there already", file.display()))
            }
            Self::Shown | Self::Bare | Self::File(_) | Self::Clone(_) => Ok(None),
        }
    }
}

async fn fix(path: &Path, options: &FixOptions, outlet: &Outlet, steps: Steps) -> miette::Result<Ending> {
    let subject = match (&options.case, &options.target) {
        (Some(file), _) => Subject::Archive(file.clone()),
        (None, Some(target)) if target.contains('/') => Subject::Rollout(reference(target)?),
        (None, Some(target)) => Subject::Incident(target.clone()),
        (None, None) => {
            return Err(miette!("name a Rollout as namespace/name, an incident, or a file with --case"));
        }
    };
    let choice = options.models.choice();
    let question = Question::open(path, subject, &options.cluster, choice, Work::Mend).await?;
    let forge = outlet.look(&question)?;
    let (asked, outcome, spent) = match question.answer(steps).await? {
        Answer::Nothing(reference) => {
            let outcome = Outcome::Sound(format!("{reference} has no canary"));
            (None, outcome, Spent::default())
        }
        Answer::Judged(asked) => {
            let mending =
                Mending { question: &question, asked: &asked, outlet, forge: forge.as_ref(), steps };
            let (outcome, spent) = mending.outcome().await?;
            (Some(asked), outcome, spent)
        }
    };
    telling::end(&question, asked.as_deref(), &outcome, spent, outlet, steps)?;
    Ok(match &outcome {
        Outcome::NoPatch(_) | Outcome::Patch(_, Done::Offered(Offered::Declined(_))) => Ending::Problems,
        Outcome::Sound(_) | Outcome::Patch(..) => Ending::Done,
    })
}

/// A judged case on the way to its patch.
struct Mending<'a> {
    question: &'a Question,
    asked: &'a Asked,
    outlet: &'a Outlet,
    forge: Option<&'a GitHub>,
    steps: Steps,
}

impl Mending<'_> {
    async fn outcome(&self) -> miette::Result<(Outcome, Spent)> {
        match self.asked.judgement.brief.standing {
            Standing::Clean => {
                let words = super::telling::clean(&self.asked.judgement.brief);
                self.steps.end(Mark::Good, "clean", &words, None)?;
                return Ok((Outcome::Sound("the canary shows no trouble".to_owned()), Spent::default()));
            }
            Standing::SameOnStable => {
                self.asked.tell(self.steps)?;
                let why = "nobody can judge this canary: stable shows the same trouble".to_owned();
                return Ok((Outcome::NoPatch(why), Spent::default()));
            }
            Standing::Trouble => self.asked.tell(self.steps)?,
        }
        match self.handoff() {
            Ok(handoff) => self.mend(&handoff).await,
            Err(why) => Ok((Outcome::NoPatch(why), Spent::default())),
        }
    }

    /// Which repository is allowed is asked of this file, not of the one that the case was frozen with.
    fn handoff(&self) -> Result<Handoff, String> {
        let (header, config) = (&self.asked.case.header, &self.question.config);
        let standing = config.repositories.standing(&header.named);
        Handoff::from_verdict(&header.identity, self.asked.verdict(), &standing, config.min_confidence)
            .map_err(|why| without_wish(&why.to_string()))
    }

    async fn mend(&self, handoff: &Handoff) -> miette::Result<(Outcome, Spent)> {
        let errand = &self.question.errand;
        let before = errand.used();
        let began = self.steps.begin("patch")?;
        let so_far = || super::telling::model("", since(before, errand.used()));
        let fixing = errand.fixer().fix(handoff, &self.asked.case);
        let fixed = self.steps.during("patch", so_far, fixing).await?;
        let spent = Spent { used: since(before, errand.used()), took: began.elapsed() };
        let proposal = match fixed.map_err(|failure| miette!("{}", failure.sentence()))? {
            Ok(proposal) => proposal,
            Err(why) => return Ok((Outcome::NoPatch(format!("failed to {why}")), spent)),
        };
        telling::patch(&proposal, spent, self.question.config.fixer.as_ref(), self.steps)?;
        let done = self.deliver(&proposal).await?;
        Ok((Outcome::Patch(Box::new(proposal), done), spent))
    }

    async fn deliver(&self, proposal: &Proposal) -> miette::Result<Done> {
        let errand = &self.question.errand;
        match (self.outlet, self.forge) {
            (Outlet::PullRequest, Some(forge)) => {
                let offered = errand.offer(forge, proposal).await;
                offered.map(Done::Offered).map_err(|failure| miette!("{}", failure.sentence()))
            }
            (Outlet::Clone(into), _) => {
                let handed = errand.hand_over(proposal, into).await;
                let handed = handed.map_err(|failure| miette!("{}", failure.sentence()))?;
                Ok(Done::Branch(into.clone(), handed))
            }
            (Outlet::File(file), _) => {
                let advice = "remove it, or name another file";
                write(file, proposal.patch.diff.as_bytes(), Existing::Kept, advice)?;
                Ok(Done::Written(file.clone()))
            }
            (Outlet::Bare, _) => print_raw(proposal.patch.diff.as_bytes()).map(|()| Done::Shown),
            (Outlet::Shown | Outlet::PullRequest, _) => Ok(Done::Shown),
        }
    }
}

fn since(before: ModelUse, now: ModelUse) -> ModelUse {
    let cost = domain::Cost {
        input_tokens: now.cost.input_tokens.saturating_sub(before.cost.input_tokens),
        output_tokens: now.cost.output_tokens.saturating_sub(before.cost.output_tokens),
        micro_usd: now.cost.micro_usd.saturating_sub(before.cost.micro_usd),
    };
    ModelUse {
        calls: now.calls.saturating_sub(before.calls),
        failures: now.failures.saturating_sub(before.failures),
        cost,
    }
}

/// The reason alone: that there is no pull request is said already.
fn without_wish(why: &str) -> String {
    why.strip_prefix("open a pull request: ").unwrap_or(why).to_owned()
}
