//! The shop's history as a git repository.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use git2::{Commit, Diff, Index, IndexEntry, IndexTime, Oid, Repository, Signature, Time};
use shop::{Edit, File, Plot, history};

/// `100644`: a plain file.
const PLAIN_FILE: u32 = 0o100_644;

/// Commits the history to the branch `main` of a new bare repository; `now` dates it.
pub(super) fn commit_history(at: &Path, plot: Plot, now: DateTime<Utc>) -> Result<(), git2::Error> {
    let repository = Repository::init_bare(at)?;
    repository.set_head("refs/heads/main")?;
    let mut tip: Option<Commit<'_>> = None;
    for commit in history(plot) {
        let before = tip.as_ref().map(Commit::tree).transpose()?;
        let tree = match (commit.edit, &before) {
            (Edit::Tree(release), _) => tree_of(&repository, release.files())?,
            (Edit::Diff(diff), Some(before)) => {
                let diff = Diff::from_buffer(diff.as_bytes())?;
                repository.apply_to_tree(before, &diff, None)?.write_tree_to(&repository)?
            }
            (Edit::Diff(_), None) => return Err(git2::Error::from_str("the history begins with a diff")),
        };
        let at = now - TimeDelta::hours(i64::from(commit.hours_ago));
        let author = Signature::new(commit.author, commit.email, &Time::new(at.timestamp(), 0))?;
        let parents: Vec<&Commit<'_>> = tip.iter().collect();
        let id = repository.commit(
            Some("refs/heads/main"),
            &author,
            &author,
            commit.message,
            &repository.find_tree(tree)?,
            &parents,
        )?;
        let made = repository.find_commit(id)?;
        if let Some(tag) = commit.tag {
            repository.tag_lightweight(tag, made.as_object(), false)?;
        }
        tip = Some(made);
    }
    Ok(())
}

/// The commit that a tag of the repository names, as 40 hex digits.
pub(super) fn tagged(at: &Path, tag: &str) -> Result<String, git2::Error> {
    let repository = Repository::open_bare(at)?;
    Ok(repository.find_reference(&format!("refs/tags/{tag}"))?.peel_to_commit()?.id().to_string())
}

/// The text of a file as a tag has it.
pub(super) fn file(at: &Path, tag: &str, path: &str) -> Result<String, git2::Error> {
    let repository = Repository::open_bare(at)?;
    let tree = repository.find_reference(&format!("refs/tags/{tag}"))?.peel_to_tree()?;
    let blob = tree.get_path(Path::new(path))?.to_object(&repository)?.peel_to_blob()?;
    String::from_utf8(blob.content().to_vec()).map_err(|_| git2::Error::from_str("the file is no text"))
}

/// Checks the repository out into a folder of its own, to look at.
pub(super) fn check_out(from: &Path, into: &Path) -> Result<(), git2::Error> {
    Repository::clone(&from.display().to_string(), into).map(drop)
}

fn tree_of(repository: &Repository, files: &[File]) -> Result<Oid, git2::Error> {
    let mut index = Index::new()?;
    for file in files {
        index.add(&entry(file, repository.blob(file.text.as_bytes())?))?;
    }
    index.write_tree_to(repository)
}

fn entry(file: &File, id: Oid) -> IndexEntry {
    let never = IndexTime::new(0, 0);
    IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode: PLAIN_FILE,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: file.path.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_trees_are_byte_for_byte_what_is_compiled() {
        for plot in [Plot::Faulty, Plot::Sound, Plot::Leaking] {
            let folder = tempfile::tempdir().unwrap();
            commit_history(folder.path(), plot, Utc::now()).unwrap();
            let repository = Repository::open_bare(folder.path()).unwrap();
            for (tag, release) in [("v1.0.0", shop::Release::First), ("v1.1.0", plot.last_release())] {
                let tree = repository.revparse_single(tag).unwrap().peel_to_tree().unwrap();
                for file in release.files() {
                    let blob = tree.get_path(Path::new(file.path)).unwrap().to_object(&repository).unwrap();
                    assert_eq!(
                        blob.as_blob().unwrap().content(),
                        file.text.as_bytes(),
                        "{tag} {}",
                        file.path
                    );
                }
            }
        }
    }

    #[test]
    fn a_tag_names_its_commit() {
        let folder = tempfile::tempdir().unwrap();
        commit_history(folder.path(), Plot::Faulty, Utc::now()).unwrap();
        let head = Repository::open_bare(folder.path()).unwrap().head().unwrap().target().unwrap();
        assert_eq!(tagged(folder.path(), "v1.1.0").unwrap(), head.to_string());
    }
}
