//! Reads the bare repository that a demo left.

use git2::{DiffOptions, ObjectType, Repository, Sort, TreeWalkMode, TreeWalkResult};

use crate::commit::{Commit, Tree};
use crate::remains::PullRequest;

/// The branch that pull requests go to.
const BASE: &str = "refs/heads/main";
/// Commits that are read at most; a demo has fewer than ten.
const MOST: usize = 1_000;

/// Every pull request by its number, as git's own references have them.
pub(super) fn pull_requests(repository: &Repository) -> Result<Vec<PullRequest>, git2::Error> {
    let mut found = Vec::new();
    for reference in repository.references_glob("refs/pull/*/head")? {
        let reference = reference?;
        let number = reference.name().ok().and_then(|name| name.split('/').nth(2)?.parse().ok());
        if let Some(number) = number {
            found.push(PullRequest { number, tree: tree(repository, &reference.peel_to_tree()?)? });
        }
    }
    found.sort_by_key(|pull_request| pull_request.number);
    Ok(found)
}

/// The commits of the base branch, newest first, with the paths that each changed.
pub(super) fn commits(repository: &Repository) -> Result<Vec<Commit>, git2::Error> {
    let mut walk = repository.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL)?;
    walk.push_ref(BASE)?;
    walk.take(MOST).map(|id| commit(repository, &repository.find_commit(id?)?)).collect()
}

fn commit(repository: &Repository, commit: &git2::Commit<'_>) -> Result<Commit, git2::Error> {
    let parent = commit.parents().next().map(|parent| parent.tree()).transpose()?;
    let mut options = DiffOptions::new();
    let diff = repository.diff_tree_to_tree(parent.as_ref(), Some(&commit.tree()?), Some(&mut options))?;
    let paths = diff.deltas().filter_map(|delta| Some(delta.new_file().path()?.to_str()?.to_owned()));
    let sha = commit.id().to_string().parse();
    Ok(Commit {
        sha: sha.map_err(|_| git2::Error::from_str("a commit has no name of 40 hex digits"))?,
        subject: commit.summary().ok().flatten().unwrap_or_default().to_owned(),
        files: paths.collect(),
    })
}

fn tree(repository: &Repository, tree: &git2::Tree<'_>) -> Result<Tree, git2::Error> {
    let mut files = Tree::new();
    let mut failed = None;
    tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
        if entry.kind() != Some(ObjectType::Blob) {
            return TreeWalkResult::Ok;
        }
        match repository.find_blob(entry.id()) {
            Ok(blob) => {
                let path = format!("{folder}{}", String::from_utf8_lossy(entry.name_bytes()));
                files.insert(path, blob.content().to_vec());
                TreeWalkResult::Ok
            }
            Err(error) => {
                failed = Some(error);
                TreeWalkResult::Abort
            }
        }
    })?;
    failed.map_or(Ok(files), Err)
}
