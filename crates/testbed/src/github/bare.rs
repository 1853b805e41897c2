//! Bare repositories on disk: made with git itself, read with libgit2.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use git2::{BranchType, ObjectType, Oid, Repository};

use super::GitHubError;

/// How long one git command may take; the repositories here are small.
const GIT_TIMEOUT: Duration = Duration::from_secs(60);

/// What GitHub's own repositories are set to: any sha may be fetched, `refs/pull/` cannot be pushed, objects are
/// checked on arrival. Housekeeping is off, because it would run behind the back of a test.
const SETTINGS: [(&str, &str); 7] = [
    ("uploadpack.allowAnySHA1InWant", "true"),
    ("uploadpack.allowFilter", "true"),
    ("http.receivepack", "true"),
    ("receive.hideRefs", "refs/pull"),
    ("receive.fsckObjects", "true"),
    ("receive.autogc", "false"),
    ("gc.auto", "0"),
];

/// The hook that refuses pushes to protected branches in GitHub's words (see gitprotocol and `proc-receive` in
/// githooks(5)): only this hook decides the reason that a client is told, `update` would say "hook declined".
const PROTECTION_HOOK: &str = include_str!("protected-branch-hook.sh");

/// What a new repository holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nothing: no branch, no commit.
    Empty,
    /// The branches and tags of a git bundle.
    Bundle(PathBuf),
    /// A copy of the branches and tags of a repository on this machine.
    Repository(PathBuf),
}

/// A git command that never asks, never reads this user's configuration and dies with its handle.
pub(super) fn git() -> tokio::process::Command {
    let mut command = tokio::process::Command::new("git");
    command
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .kill_on_drop(true);
    command
}

/// Runs git to its end and returns what it printed.
pub(super) async fn run(arguments: &[&std::ffi::OsStr]) -> Result<String, GitHubError> {
    let child = git().args(arguments).stdin(Stdio::null()).output();
    let output = tokio::time::timeout(GIT_TIMEOUT, child)
        .await
        .map_err(|_| GitHubError::Git("it took longer than a minute".to_owned()))?
        .map_err(GitHubError::NoGit)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(GitHubError::Git(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

/// Makes the bare repository `at` and fills it from `source`.
pub(super) async fn create(at: &Path, source: &Source) -> Result<(), GitHubError> {
    match source {
        Source::Empty => {
            let arguments = ["init", "--quiet", "--bare", "--initial-branch=main", "--template="];
            run(&with_paths(&arguments, &[at])).await?;
        }
        Source::Bundle(from) | Source::Repository(from) => {
            let arguments = ["clone", "--quiet", "--bare", "--template=", "--no-local", "--"];
            run(&with_paths(&arguments, &[from, at])).await?;
        }
    }
    settle(at)
}

fn with_paths<'a>(arguments: &'a [&'a str], paths: &[&'a Path]) -> Vec<&'a std::ffi::OsStr> {
    arguments.iter().map(std::ffi::OsStr::new).chain(paths.iter().map(|path| path.as_os_str())).collect()
}

fn settle(at: &Path) -> Result<(), GitHubError> {
    let repository = Repository::open_bare(at)?;
    let mut config = repository.config()?;
    for (name, value) in SETTINGS {
        config.set_str(name, value)?;
    }
    if config.get_string("remote.origin.url").is_ok() {
        repository.remote_delete("origin")?;
    }
    let unborn = repository.head().is_err();
    if unborn && let Some(branch) = most_likely_default(&repository)? {
        repository.set_head(&format!("refs/heads/{branch}"))?;
    }
    let hooks = at.join("hooks");
    std::fs::create_dir_all(&hooks).map_err(GitHubError::Directory)?;
    let hook = hooks.join("proc-receive");
    std::fs::write(&hook, PROTECTION_HOOK).map_err(GitHubError::Directory)?;
    make_executable(&hook).map_err(GitHubError::Directory)
}

#[cfg(unix)]
fn make_executable(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_file: &Path) -> std::io::Result<()> {
    Ok(())
}

/// A bundle need not say which branch is HEAD.
fn most_likely_default(repository: &Repository) -> Result<Option<String>, git2::Error> {
    let names = branches(repository)?;
    let preferred = ["main", "master"].into_iter().find(|name| names.contains_key(*name));
    Ok(preferred.map(str::to_owned).or_else(|| names.into_keys().next()))
}

/// Refuses pushes to this branch from now on.
pub(super) fn protect(at: &Path, branch: &str) -> Result<(), git2::Error> {
    let mut config = Repository::open_bare(at)?.config()?;
    config.set_multivar(
        "receive.procReceiveRefs",
        &format!("^refs/heads/{branch}$"),
        &format!("refs/heads/{branch}"),
    )
}

/// The branches with the commits they point at.
pub(super) fn branches(repository: &Repository) -> Result<BTreeMap<String, Oid>, git2::Error> {
    let mut found = BTreeMap::new();
    for branch in repository.branches(Some(BranchType::Local))? {
        let (branch, _) = branch?;
        if let (Ok(Some(name)), Some(target)) = (branch.name(), branch.get().target()) {
            found.insert(name.to_owned(), target);
        }
    }
    Ok(found)
}

/// All refs below `prefix` (`refs/…`) with what they point at.
pub(super) fn refs(repository: &Repository, prefix: &str) -> Result<BTreeMap<String, Oid>, git2::Error> {
    let mut found = BTreeMap::new();
    for reference in repository.references()? {
        let reference = reference?;
        if let (Ok(name), Some(target)) = (reference.name(), reference.target())
            && name.starts_with(prefix)
        {
            found.insert(name.to_owned(), target);
        }
    }
    Ok(found)
}

/// The commit that a branch points at, if there is such a branch.
pub(super) fn tip(repository: &Repository, branch: &str) -> Option<Oid> {
    repository.find_branch(branch, BranchType::Local).ok()?.get().target()
}

/// The default branch's name, also while it has no commit.
pub(super) fn default_branch(repository: &Repository) -> String {
    let head = repository.find_reference("HEAD").ok();
    let target = head.as_ref().and_then(|head| head.symbolic_target().ok().flatten());
    target.and_then(|name| name.strip_prefix("refs/heads/")).unwrap_or("main").to_owned()
}

/// What a commit-ish of the REST API names: a branch, a tag or a sha (whole or abbreviated).
pub(super) fn resolve<'a>(repository: &'a Repository, name: &str) -> Option<git2::Commit<'a>> {
    let by_ref = ["heads", "tags"]
        .iter()
        .find_map(|kind| repository.find_reference(&format!("refs/{kind}/{name}")).ok())
        .and_then(|reference| reference.peel_to_commit().ok());
    by_ref.or_else(|| {
        let is_sha = (7..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let object = is_sha.then(|| repository.find_object_by_prefix(name, Some(ObjectType::Commit)).ok());
        object.flatten().and_then(|object| object.peel_to_commit().ok())
    })
}

/// The commits that `head` has and `base` lacks, newest first.
pub(super) fn ahead(repository: &Repository, base: Oid, head: Oid) -> Result<Vec<Oid>, git2::Error> {
    let mut walk = repository.revwalk()?;
    walk.push(head)?;
    walk.hide(base)?;
    walk.collect()
}

/// The difference that a pull request shows: from the merge base to its head.
pub(super) fn difference(
    repository: &Repository,
    base: Oid,
    head: Oid,
) -> Result<git2::Diff<'_>, git2::Error> {
    let from = repository.find_commit(repository.merge_base(base, head)?)?.tree()?;
    let to = repository.find_commit(head)?.tree()?;
    repository.diff_tree_to_tree(Some(&from), Some(&to), None)
}

/// A difference as `git diff` prints it.
pub(super) fn as_text(difference: &git2::Diff<'_>) -> Result<String, git2::Error> {
    let mut text = Vec::new();
    difference.print(git2::DiffFormat::Patch, |_, _, line| {
        if matches!(line.origin(), '+' | '-' | ' ') {
            text.push(u8::try_from(line.origin()).unwrap_or(b' '));
        }
        text.extend_from_slice(line.content());
        true
    })?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
