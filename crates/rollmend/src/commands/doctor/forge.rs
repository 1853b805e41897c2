//! GitHub and its git server: whose the token is, and what it may do in each listed repository.

use domain::ports::Forge;
use domain::{BranchName, Mode, Repository};
use tool_github::{Access, Activity, GitHub};
use tool_repo::{BareClones, Reach};

use super::Findings;
use crate::compose::Probes;
use crate::config::Config;

const AREA: &str = "github";
/// A branch that is looked for and never made.
const NOT_THERE: &str = "rollmend/doctor";

pub(super) async fn look(config: &Config, probes: &Probes, findings: &mut Findings) -> miette::Result<()> {
    let forge = match probes.forge() {
        Ok(forge) => forge,
        Err(why) => {
            findings.bad(AREA, why.to_string())?;
            None
        }
    };
    let clones = probes.clones();
    let mut repositories = config.repositories.iter().peekable();
    if repositories.peek().is_none() {
        return findings.note(AREA, "no [[repository]] is listed: none is read, and no pull request opened");
    }
    let mut known = false;
    for repository in repositories {
        if let Some(forge) = &forge {
            if !known && !login(forge, repository, findings).await? {
                return Ok(());
            }
            known = true;
            rights(config.daemon.mode, forge, repository, findings).await?;
        }
        git(config.daemon.mode, &clones, repository, findings).await?;
    }
    Ok(())
}

/// Whether the token is known at all; without that, nothing else can be said.
async fn login(forge: &GitHub, repository: &Repository, findings: &mut Findings) -> miette::Result<bool> {
    match forge.login(repository).await {
        Ok(login) => findings.good(AREA, format!("the token is {login}'s")).map(|()| true),
        Err(failure) => findings.bad(AREA, failure.sentence()).map(|()| false),
    }
}

async fn rights(
    mode: Mode,
    forge: &GitHub,
    repository: &Repository,
    findings: &mut Findings,
) -> miette::Result<()> {
    let url = &repository.url;
    match (forge.standing(repository).await, mode) {
        (Err(failure), _) => return findings.bad(AREA, failure.sentence()),
        (Ok(standing), Mode::Propose) if standing.activity == Activity::Archived => {
            let advice = "unarchive it, or take it out of agents.toml";
            findings.bad(AREA, format!("{url} is archived: {advice}"))?;
        }
        (Ok(standing), Mode::Propose) if standing.access == Access::Read => {
            let advice = "grant the token \"Contents: read and write\" on it";
            findings.bad(AREA, format!("the token's owner may not push to {url}: {advice}"))?;
        }
        (Ok(_), _) => findings.good(AREA, format!("{url} can be read"))?,
    }
    let Ok(branch) = NOT_THERE.parse::<BranchName>() else { return Ok(()) };
    let found = forge.find(repository, &branch).await.map(|_| ());
    let good = match mode {
        Mode::Propose => format!(
            "pull requests of {url} can be read; whether they can be opened shows with the first (\"Pull requests: read and write\")"
        ),
        Mode::Observe | Mode::Explain => format!("pull requests of {url} can be read"),
    };
    findings.tested(AREA, found, good)
}

async fn git(
    mode: Mode,
    clones: &BareClones,
    repository: &Repository,
    findings: &mut Findings,
) -> miette::Result<()> {
    let (url, base) = (&repository.url, &repository.base);
    let fetched = clones.reach(repository, Reach::Fetch).await;
    let reached = fetched.is_ok();
    findings.tested("git", fetched, format!("{url} can be cloned and has the branch {base}"))?;
    if mode != Mode::Propose || !reached {
        return Ok(());
    }
    let pushed = clones.reach(repository, Reach::Push).await;
    findings.tested("git", pushed, format!("{url} would take a push"))
}
