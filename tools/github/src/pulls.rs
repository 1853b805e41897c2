//! Pull requests: looked for, then opened.
//!
//! **Does `head` find closed pull requests whose branch is gone?** GitHub documents `head=owner:branch` (without the owner the
//! filter is ignored) and says nothing of deleted branches. What others write: a closed pull request keeps its head's name and sha
//! after the branch was deleted (renovatebot/renovate issue 3982, by its maintainer); dependabot/dependabot-core
//! `pull_request_creator/github.rb` asks with `state=all` for closed ones, but only while the branch exists;
//! learningequality/kolibri pull request 14719 saw the filter find merged ones; a filter in the wrong form returns other pull
//! requests (PyGithub/PyGithub issue 3031, XAMPPRocky/octocrab issue 252). None of it proves the case. A declined change must never
//! come back, so [`find`] does not rest on it: what comes is compared by branch and repository, and where the filter finds nothing
//! the newest pull requests are read without it.

use domain::ports::Forge as _;
use domain::{BranchName, Failure, Proposal, PullRequest, PullRequestNumber, PullRequestState, Repository};
use http::StatusCode;
use serde::Serialize;

use crate::answer::{NewLabels, NewPull, Pull, State};
use crate::failure::{Right, Trying, said};
use crate::forge::{GitHub, route};
use crate::text;

/// Pages of a hundred that a branch's pull requests may fill, and that are read without the filter.
const MOST_PAGES: u32 = 10;
const PAGES_WITHOUT_FILTER: u32 = 2;
const PER_PAGE: usize = 100;
/// A title's beginning where GitHub does not give the repository drafts (private ones of free accounts).
const DRAFT_PREFIX: &str = "[draft] ";

#[derive(Serialize)]
struct Query<'a> {
    state: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<&'a str>,
    sort: &'a str,
    direction: &'a str,
    per_page: usize,
    page: u32,
}

/// Draft, or not where drafts do not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Draft,
    Plain,
}

/// All pull requests with that head branch in the repository itself, newest first.
pub(crate) async fn find(
    github: &GitHub,
    repository: &Repository,
    branch: &BranchName,
) -> Result<Vec<PullRequest>, Failure> {
    let head = format!("{}:{branch}", repository.url.owner());
    let mut pulls = list(github, repository, Some(&head), MOST_PAGES).await?;
    pulls.retain(|pull| is_of(pull, branch));
    if pulls.is_empty() {
        pulls = list(github, repository, None, PAGES_WITHOUT_FILTER).await?;
        pulls.retain(|pull| is_of(pull, branch));
    }
    pulls.sort_by_key(|pull| std::cmp::Reverse(pull.number));
    pulls.iter().map(|pull| shown(github, repository, branch, pull)).collect()
}

/// Opens a draft with its labels; where one is open already for the branch, that one is returned.
pub(crate) async fn open(github: &GitHub, proposal: &Proposal) -> Result<PullRequest, Failure> {
    let repository = &proposal.repository;
    let opened = match create(github, proposal, Kind::Draft).await {
        Err(error)
            if refusal(&error).is_some_and(|said| said.contains("draft pull requests are not supported")) =>
        {
            create(github, proposal, Kind::Plain).await
        }
        result => result,
    };
    let what = format!("open a pull request for {} in {}", proposal.branch, repository.url);
    let trying = Trying { what: &what, right: Right::WritePulls };
    let pull = match opened {
        Ok(pull) => shown(github, repository, &proposal.branch, &pull)?,
        Err(error) => match refusal(&error) {
            Some(said) if said.contains("already exists") => already_open(github, proposal, trying).await?,
            // Right after a push GitHub may not know the branch yet.
            Some(said) if said.contains("head is invalid") => {
                return Err(Failure {
                    remedy: domain::Remedy::Retry { after: None },
                    ..trying.failed(error)
                });
            }
            _ => return Err(trying.failed(error)),
        },
    };
    label(github, repository, pull.number).await;
    Ok(pull)
}

async fn create(github: &GitHub, proposal: &Proposal, kind: Kind) -> Result<Pull, octocrab::Error> {
    let title = match kind {
        Kind::Draft => text::title(&proposal.title),
        Kind::Plain => text::title(&format!("{DRAFT_PREFIX}{}", proposal.title)),
    };
    let new = NewPull {
        title: &title,
        body: &text::body(&proposal.body),
        head: proposal.branch.as_str(),
        base: proposal.patch.base.as_str(),
        draft: kind == Kind::Draft,
    };
    github.octocrab().post(route(&proposal.repository, "pulls"), Some(&new)).await
}

/// The one that stood in the way. Another's is returned too: whose it is, the caller judges by its author.
async fn already_open(
    github: &GitHub,
    proposal: &Proposal,
    trying: Trying<'_>,
) -> Result<PullRequest, Failure> {
    let login = github.login(&proposal.repository).await?;
    let found = find(github, &proposal.repository, &proposal.branch).await?;
    let open = || found.iter().filter(|pull| pull.state == PullRequestState::Open);
    let ours = open().find(|pull| pull.author.eq_ignore_ascii_case(&login)).or_else(|| open().next());
    ours.cloned().ok_or_else(|| {
        let what = format!("{}: GitHub says that there is one, and shows none", trying.what);
        Failure::retry("github-not-shown", what)
    })
}

/// GitHub makes labels that are not there. A pull request without its labels is better than none: that is logged only.
async fn label(github: &GitHub, repository: &Repository, number: PullRequestNumber) {
    if repository.labels.is_empty() {
        return;
    }
    let route = route(repository, &format!("issues/{}/labels", number.0));
    let labels = NewLabels { labels: &repository.labels };
    let done: Result<serde_json::Value, _> = github.octocrab().post(route, Some(&labels)).await;
    if let Err(error) = done {
        let what = format!("label pull request {number} of {}", repository.url);
        let failure = Trying { what: &what, right: Right::WritePulls }.failed(error);
        tracing::warn!(kind = failure.kind, "{}", failure.sentence());
    }
}

async fn list(
    github: &GitHub,
    repository: &Repository,
    head: Option<&str>,
    most_pages: u32,
) -> Result<Vec<Pull>, Failure> {
    let what = format!("list the pull requests of {}", repository.url);
    let trying = Trying { what: &what, right: Right::ReadPulls };
    let mut pulls = Vec::new();
    for page in 1..=most_pages {
        let (sort, direction) = ("created", "desc");
        let query = Query { state: "all", head, sort, direction, per_page: PER_PAGE, page };
        let some: Vec<Pull> = github
            .octocrab()
            .get(route(repository, "pulls"), Some(&query))
            .await
            .map_err(|error| trying.failed(error))?;
        let last = some.len() < PER_PAGE;
        pulls.extend(some);
        if last {
            break;
        }
    }
    Ok(pulls)
}

/// Whether the head is that branch of the repository itself, and not of a fork.
fn is_of(pull: &Pull, branch: &BranchName) -> bool {
    let ids = (pull.head.repo.as_ref().map(|repo| repo.id), pull.base.repo.as_ref().map(|repo| repo.id));
    pull.head.branch == branch.as_str() && matches!(ids, (Some(head), Some(base)) if head == base)
}

fn shown(
    github: &GitHub,
    repository: &Repository,
    branch: &BranchName,
    pull: &Pull,
) -> Result<PullRequest, Failure> {
    let head = pull.head.sha.parse().map_err(|error: domain::InvalidId| {
        let what = format!("read pull request #{} of {}: its head is no commit", pull.number, repository.url);
        Failure::give_up("github-answer", what).because(error)
    })?;
    let plain =
        |url: &str| url.len() < 500 && url.chars().all(|c| c.is_ascii_graphic() && !"<>()[]\"`".contains(c));
    let ours = pull.html_url.starts_with(&format!("{}/", github.web())) && plain(&pull.html_url);
    let url = if ours { pull.html_url.clone() } else { format!("{}/pull/{}", repository.url, pull.number) };
    Ok(PullRequest {
        number: PullRequestNumber(pull.number),
        url,
        // GitHub shows deleted accounts as this one.
        author: pull.user.as_ref().map_or_else(|| "ghost".to_owned(), |user| text::line(&user.login, 100)),
        branch: branch.clone(),
        head,
        state: match (pull.state, &pull.merged_at) {
            (State::Open, _) => PullRequestState::Open,
            (State::Closed, Some(_)) => PullRequestState::Merged,
            (State::Closed, None) => PullRequestState::Closed,
        },
    })
}

/// What a 422 says, in lower case.
fn refusal(error: &octocrab::Error) -> Option<String> {
    match error {
        octocrab::Error::GitHub { source, .. } if source.status_code == StatusCode::UNPROCESSABLE_ENTITY => {
            Some(said(source).to_lowercase())
        }
        _ => None,
    }
}
