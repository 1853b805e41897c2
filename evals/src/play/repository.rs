//! Reads the bare repository that a demo left.

use git2::{ObjectType, Repository, Sort, TreeWalkMode, TreeWalkResult};

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
    let diff = repository.diff_tree_to_tree(parent.as_ref(), Some(&commit.tree()?), None)?;
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

#[cfg(test)]
mod tests {
    use git2::{Oid, Signature};

    use super::*;

    /// Commits a tree of files onto a parent.
    fn made(
        repository: &Repository,
        reference: &str,
        subject: &str,
        files: &[(&str, &str)],
        onto: &[Oid],
    ) -> Oid {
        let mut index = git2::Index::new().unwrap();
        for (path, text) in files {
            let id = repository.blob(text.as_bytes()).unwrap();
            let never = git2::IndexTime::new(0, 0);
            index
                .add(&git2::IndexEntry {
                    ctime: never,
                    mtime: never,
                    dev: 0,
                    ino: 0,
                    mode: 0o100_644,
                    uid: 0,
                    gid: 0,
                    file_size: 0,
                    id,
                    flags: 0,
                    flags_extended: 0,
                    path: (*path).into(),
                })
                .unwrap();
        }
        let tree = repository.find_tree(index.write_tree_to(repository).unwrap()).unwrap();
        let author = Signature::new("Mira", "mira@acme.example", &git2::Time::new(0, 0)).unwrap();
        let parents: Vec<git2::Commit<'_>> =
            onto.iter().map(|id| repository.find_commit(*id).unwrap()).collect();
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        repository.commit(Some(reference), &author, &author, subject, &tree, &parents).unwrap()
    }

    #[test]
    fn commits_are_read_with_what_they_changed_and_pull_requests_with_their_whole_tree() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(folder.path()).unwrap();
        let first =
            made(&repository, BASE, "Open\n\nthe shop", &[("README.md", "a"), ("src/main.rs", "b")], &[]);
        let second = made(&repository, BASE, "Split", &[("README.md", "a"), ("src/main.rs", "c")], &[first]);
        made(
            &repository,
            "refs/pull/7/head",
            "Revert",
            &[("README.md", "a"), ("src/main.rs", "b")],
            &[second],
        );
        let told: Vec<(String, Vec<String>)> =
            commits(&repository).unwrap().into_iter().map(|commit| (commit.subject, commit.files)).collect();
        let paths = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            told,
            [
                ("Split".to_owned(), paths(&["src/main.rs"])),
                ("Open".to_owned(), paths(&["README.md", "src/main.rs"])),
            ]
        );
        let tree: Tree = [("README.md", "a"), ("src/main.rs", "b")]
            .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
            .into();
        assert_eq!(pull_requests(&repository).unwrap(), [PullRequest { number: 7, tree }]);
    }
}
