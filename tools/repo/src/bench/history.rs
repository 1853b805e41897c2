//! What the commits between the versions changed.

use domain::{ToolAccess, ToolFailure, ToolOutput};
use git2::Oid;
use schemars::JsonSchema;
use serde::Deserialize;

use super::errand::Errand;
use super::ground::{Ground, failed};
use super::tree::{checked, told};
use crate::commits::{self, Wanted};
use crate::page::{Page, Room};
use crate::words;

/// Lists the commits of the range.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GitRange {}

/// Shows one commit.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShowCommit {
    /// Its id, at least 7 digits.
    sha: String,
    /// Only what it changed in this file or below this directory.
    path: Option<String>,
    /// The first line of the diff to show, from 1.
    from: Option<usize>,
}

impl Errand for GitRange {
    const NAME: &'static str = "git_range";
    const DESCRIPTION: &'static str = "Lists the commits that brought the canary where it is, newest first, back to the oldest \
        suspect, with what speaks against the suspects; and how many commits the base branch has beyond the canary.";
    const ACCESS: ToolAccess = ToolAccess::ReadOnly;

    fn run(self, ground: &mut Ground<'_>) -> Result<ToolOutput, ToolFailure> {
        let mut page = Page::default();
        let line = first_parents(ground)?;
        let canary = words::oid(&ground.known.canary)?;
        page.line("", &beyond(ground, canary)?);
        let mut rest = None;
        for (done, id) in line.iter().enumerate() {
            ground.go_on()?;
            if page.line("", &described(ground, *id)?) == Room::Full {
                let left = line.len() - done;
                rest = Some(format!(
                    "{left} older commits are left out: call show_commit for what you need of them"
                ));
                break;
            }
        }
        for suspect in
            ground.known.suspects.iter().filter(|s| !line.iter().any(|id| s.sha.as_str() == id.to_string()))
        {
            let subject = words::line(suspect.subject.as_bytes(), 200);
            page.line("", &format!("{}  {subject}  (suspect, score {})", suspect.sha.short(), suspect.score));
        }
        Ok(ToolOutput { text: page.into_text(), rest })
    }
}

impl Errand for ShowCommit {
    const NAME: &'static str = "show_commit";
    const DESCRIPTION: &'static str = "Shows a commit's message and its diff against its first parent. Only commits that the canary or \
        the base branch contains.";
    const ACCESS: ToolAccess = ToolAccess::ReadOnly;

    fn run(self, ground: &mut Ground<'_>) -> Result<ToolOutput, ToolFailure> {
        let path = self.path.as_deref().map(|path| checked(path.trim_end_matches('/'))).transpose()?;
        let sha = words::line(self.sha.as_bytes(), 60);
        let unknown =
            || told(format!("{sha} is no commit that the canary or the base branch contains: see git_range"));
        let commit = commits::by_id(ground.clone, &self.sha).ok_or_else(unknown)?;
        let canary = words::oid(&ground.known.canary)?;
        let heads = [ground.place.base, canary];
        if !heads.iter().any(|head| commits::is_in(ground.clone, commit.id(), *head)) {
            return Err(unknown());
        }
        let wanted = Wanted { path, from: self.from.unwrap_or(1) };
        commits::show(ground.clone, ground.limits, &commit, &wanted)
    }
}

/// The first-parent line from the canary back to the oldest suspect on it, newest first. Stable itself is not known here: the
/// verdict names suspects, and all of them lie between.
pub(super) fn first_parents(ground: &Ground<'_>) -> Result<Vec<Oid>, ToolFailure> {
    let suspects: Vec<Oid> =
        ground.known.suspects.iter().map(|suspect| words::oid(&suspect.sha)).collect::<Result<_, _>>()?;
    let mut line = Vec::new();
    let mut until = 0;
    let mut next = Some(words::oid(&ground.known.canary)?);
    while let Some(id) = next.filter(|_| line.len() < ground.limits.range_commits) {
        let Ok(commit) = ground.clone.find_commit(id) else { break };
        line.push(id);
        if suspects.contains(&id) {
            until = line.len();
        }
        next = commit.parent_id(0).ok();
    }
    line.truncate(until);
    Ok(line)
}

fn beyond(ground: &Ground<'_>, canary: Oid) -> Result<String, ToolFailure> {
    let base = words::sha(ground.place.base)?;
    let short = ground.known.canary.short();
    if !commits::is_in(ground.clone, canary, ground.place.base) {
        return Ok(format!("canary {short} is not on the base branch ({})", base.short()));
    }
    let (ahead, _) = ground
        .clone
        .graph_ahead_behind(ground.place.base, canary)
        .map_err(failed("compare the base branch with the canary"))?;
    Ok(format!("base branch at {}, {ahead} commits beyond the canary {short}", base.short()))
}

fn described(ground: &Ground<'_>, id: Oid) -> Result<String, ToolFailure> {
    let commit = ground.clone.find_commit(id).map_err(failed("read a commit"))?;
    let sha = words::sha(id)?;
    let subject = String::from_utf8_lossy(commit.message_raw_bytes());
    let subject = words::line(subject.trim().lines().next().unwrap_or_default().as_bytes(), 200);
    let author = words::line(commit.author().name_bytes(), 60);
    let line = format!("{}  {author}: {subject}", sha.short());
    let Some(suspect) = ground.known.suspects.iter().find(|suspect| suspect.sha == sha) else {
        return Ok(line);
    };
    let what = if ground.known.prime.as_ref() == Some(&sha) { "prime suspect" } else { "suspect" };
    let files = suspect.files.iter().map(|file| words::line(file.as_bytes(), 200));
    let told: Vec<String> =
        std::iter::once(format!("{what}, score {}", suspect.score)).chain(files).collect();
    Ok(format!("{line}  ({})", told.join("; ")))
}
