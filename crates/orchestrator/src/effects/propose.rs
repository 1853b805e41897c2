//! Opens the pull request, or joins the one that is there: branch and pull request are looked for before they are made.
//!
//! A pull request is believed only when its author is our own login. One of ours that was merged although the patch is needed
//! again means that the revert was undone or has not reached the base branch's tip; opening it once more could fight with a person,
//! so a human is asked.

use domain::ports::{Code, Forge, Pushed};
use domain::workflow::{Event, Next, Run, State};
use domain::{Failure, Proposal, PullRequest, PullRequestState, Remedy};

use super::Hands;
use super::fix::may_propose;

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// It is a pull request now.
    Opened(PullRequest),
    /// One of ours for the same suspect is open; nothing was written.
    AlreadyOpen(PullRequest),
    /// One of ours for the same suspect was closed unmerged, and none is opened again; nothing was written.
    Declined(PullRequest),
}

/// Opens the pull request of a proposal whose commit lies in the clone, or finds the one that is there, as the daemon does it.
/// Whoever calls this has permission.
///
/// # Errors
/// When the forge or the git server cannot be asked, or what is there is not ours or was merged before.
pub async fn offer(forge: &dyn Forge, code: &dyn Code, proposal: &Proposal) -> Result<Offered, Failure> {
    let login = forge.login(&proposal.repository).await?;
    if let Some(found) = look(forge, &login, proposal).await? {
        return Ok(found);
    }
    code.push(&proposal.repository, &proposal.branch, &proposal.patch).await?;
    open(forge, &login, proposal).await.map(Offered::Opened)
}

pub(super) async fn propose(hands: &Hands, run: &Run, proposal: &Proposal) -> Result<Event, Failure> {
    let wanted = matches!(&run.state, State::Proposing { proposal: wanted } if **wanted == *proposal);
    if !wanted && hands.ports.forge.is_none() {
        return Ok(Event::EffectDone);
    }
    may_propose(hands, &proposal.repository)?;
    let forge = hands.ports.forge.as_deref().ok_or_else(no_forge)?;
    let login = forge.login(&proposal.repository).await?;
    if let Some(found) = look(forge, &login, proposal).await? {
        return Ok(event(proposal, found));
    }
    if !wanted {
        // The incident went on while this was pending, and an earlier try did not get as far as the pull request.
        return Ok(Event::EffectDone);
    }
    let proposal = push(hands, run, proposal).await?;
    let opened = open(forge, &login, &proposal).await?;
    Ok(event(&proposal, Offered::Opened(opened)))
}

/// What an earlier try, another incident with the same suspect, or a person has left.
async fn look(forge: &dyn Forge, login: &str, proposal: &Proposal) -> Result<Option<Offered>, Failure> {
    let found = forge.find(&proposal.repository, &proposal.branch).await?;
    let on_branch = || found.iter().filter(|pull| pull.branch == proposal.branch);
    let ours = || on_branch().filter(|pull| pull.author.eq_ignore_ascii_case(login));
    let open = ours().find(|pull| pull.state == PullRequestState::Open);
    let Some(pull) = open.or_else(|| ours().next()) else {
        return match on_branch().find(|pull| pull.state == PullRequestState::Open) {
            Some(foreign) => Err(not_ours(foreign)),
            None => Ok(None),
        };
    };
    match pull.state {
        PullRequestState::Open => Ok(Some(Offered::AlreadyOpen(pull.clone()))),
        PullRequestState::Closed => Ok(Some(Offered::Declined(pull.clone()))),
        PullRequestState::Merged => Err(Failure::ask_human(
            "merged-before",
            format!("open a pull request: {} undid the same commit and was merged before", pull.number),
            format!(
                "see why {} is on the base branch again, or deploy what contains the merge",
                proposal.patch.reverts.short()
            ),
        )),
    }
}

async fn open(forge: &dyn Forge, login: &str, proposal: &Proposal) -> Result<PullRequest, Failure> {
    let opened = forge.open(proposal).await?;
    if opened.author.eq_ignore_ascii_case(login) { Ok(opened) } else { Err(not_ours(&opened)) }
}

/// Pushes the branch. The patch's commit may not lie in this clone any more (the clone was removed for room, or another disk is
/// mounted): the patch, which is the same for the same base and suspect, is then made again, once.
async fn push(hands: &Hands, run: &Run, proposal: &Proposal) -> Result<Proposal, Failure> {
    let code = &hands.ports.code;
    match code.push(&proposal.repository, &proposal.branch, &proposal.patch).await {
        Ok(Pushed::Created(_) | Pushed::AlreadyThere(_)) => Ok(proposal.clone()),
        Err(failure) if failure.remedy == Remedy::GiveUp => {
            tracing::info!(incident = %run.id, kind = failure.kind, "making the patch again: failed to {failure}");
            let again = make_again(hands, run, failure).await?;
            code.push(&again.repository, &again.branch, &again.patch).await?;
            Ok(again)
        }
        Err(failure) => Err(failure),
    }
}

async fn make_again(hands: &Hands, run: &Run, failure: Failure) -> Result<Proposal, Failure> {
    let history = hands.ports.journal.history(&run.id).await?;
    let handed_off = history.into_iter().rev().find_map(|recorded| match recorded.event {
        Event::VerdictReached { verdict, next: Next::HandOff { handoff }, .. } => {
            Some((handoff, verdict.case))
        }
        _ => None,
    });
    let Some((handoff, case)) = handed_off else { return Err(failure) };
    let case = hands.ports.cases.get(&case).await?;
    hands.ports.fixer.fix(&handoff, &case).await?.map_err(|_| failure)
}

fn event(proposal: &Proposal, offered: Offered) -> Event {
    match offered {
        Offered::Opened(pull_request) | Offered::AlreadyOpen(pull_request) => {
            Event::ProposalOpened { repository: Box::new(proposal.repository.clone()), pull_request }
        }
        Offered::Declined(pull_request) => Event::ProposalDeclined { pull_request },
    }
}

fn no_forge() -> Failure {
    Failure::ask_human(
        "no-forge",
        "open a pull request: no token for the forge is configured",
        "add [github] token to agents.toml",
    )
}

fn not_ours(pull: &PullRequest) -> Failure {
    Failure::ask_human(
        "not-our-pull-request",
        format!("open a pull request: {} on our branch {} was opened by another", pull.number, pull.branch),
        "close it and delete the branch, or mend the cause by hand",
    )
}
