//! A bare clone on disk: found by its repository's URL, held by one operation at a time, whole again after a crash.

mod beneath;
mod litter;
mod quota;

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::{Failure, RepositoryUrl};
use git2::{Config, Repository, RepositoryInitOptions};
use sha2::{Digest as _, Sha256};

use crate::patience::Patience;

pub(crate) use quota::make_room;

/// How often a lock that another process holds is tried.
const TRY_AGAIN: Duration = Duration::from_millis(50);
/// Rights of the directory for clones, where it is made: whoever else could write there could put links in their place.
const OURS_ALONE: u32 = 0o700;
/// Its time of change says when the clone was last used.
const USED: &str = "rollmend-used";

/// A clone that nobody else uses while this value lives.
pub(crate) struct BareClone {
    pub(crate) repository: Repository,
    pub(crate) path: PathBuf,
    _lock: File,
}

/// The name of a repository's clone: its URL may hold what a file name may not, and case does not tell repositories apart.
pub(crate) fn key(url: &RepositoryUrl) -> String {
    hex::encode(Sha256::digest(url.to_string().to_ascii_lowercase()))
}

impl BareClone {
    /// Opens the clone of `url` below `directory`, or makes an empty one; waits for another process as long as there is patience.
    pub(crate) fn open(directory: &Path, url: &RepositoryUrl, patience: &Patience) -> Result<Self, Failure> {
        let key = key(url);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(OURS_ALONE)
            .create(directory)
            .map_err(|error| of_disk("make the directory for clones", directory, error))?;
        let lock = lock(&directory.join(format!("{key}.lock")), url, patience)?;
        let path = directory.join(format!("{key}.git"));
        let repository = open_or_make(&path)?;
        beneath::write(&path, USED, &url.to_string())
            .map_err(|error| of_disk("mark a clone as used", &path, error))?;
        Ok(Self { repository, path, _lock: lock })
    }

    /// Each fetch adds a pack, and libgit2 never joins them: after many, an empty clone is faster. A commit that waits to be pushed
    /// goes with them, so only the first step of an incident asks for this.
    pub(crate) fn start_over_when_scattered(&mut self, most_packs: usize) -> Result<(), Failure> {
        let packs = fs::read_dir(self.path.join("objects/pack")).map_or(0, Iterator::count);
        if packs / 2 < most_packs {
            return Ok(());
        }
        litter::remove(&self.path).map_err(|error| of_disk("remove a clone", &self.path, error))?;
        self.repository = open_or_make(&self.path)?;
        beneath::write(&self.path, USED, "")
            .map_err(|error| of_disk("mark a clone as used", &self.path, error))
    }
}

fn open_or_make(path: &Path) -> Result<Repository, Failure> {
    // Not `exists`, which would follow a link, and make a clone where it points.
    if fs::symlink_metadata(path).is_ok() {
        match litter::sweep(path)
            .map_err(|error| git2_of(&error))
            .and_then(|()| alone(Repository::open_bare(path)?))
        {
            Ok(repository) => return Ok(repository),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a clone cannot be opened and is made anew");
                litter::remove(path).map_err(|error| of_disk("remove a broken clone", path, error))?;
            }
        }
    }
    let mut options = RepositoryInitOptions::new();
    options.bare(true).no_reinit(false).mkpath(true).external_template(false);
    Repository::init_opts(path, &options).and_then(alone).map_err(|error| {
        let full = crate::fault::is_full(&error);
        let failure = crate::fault::of_git(error, format_args!("make a clone in {}", path.display()));
        if full { failure } else { Failure { remedy: disk_remedy(path), ..failure } }
    })
}

/// The clone with its own configuration and nobody else's: that of the machine or the user could send a remote elsewhere
/// (`url.<base>.insteadOf`).
fn alone(repository: Repository) -> Result<Repository, git2::Error> {
    repository.set_config(&Config::open(&repository.path().join("config"))?)?;
    Ok(repository)
}

fn git2_of(error: &std::io::Error) -> git2::Error {
    git2::Error::from_str(&error.to_string())
}

fn lock(path: &Path, url: &RepositoryUrl, patience: &Patience) -> Result<File, Failure> {
    let file = beneath::open(path).map_err(|error| of_disk("open the lock of a clone", path, error))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(of_disk("lock a clone", path, error)),
            Err(TryLockError::WouldBlock) if patience.left().is_ok() => std::thread::sleep(TRY_AGAIN),
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::retry(
                    "clone-locked",
                    format!("use the clone of {url}: another process holds {}", path.display()),
                ));
            }
        }
    }
}

/// A failure of the disk below the clones.
pub(crate) fn of_disk(what: &str, path: &Path, error: std::io::Error) -> Failure {
    let what = format!("{what} ({}): {error}", path.display());
    if error.kind() == std::io::ErrorKind::StorageFull {
        return crate::fault::full(what).because(error);
    }
    Failure { remedy: disk_remedy(path), ..Failure::retry("clone-disk", what) }.because(error)
}

fn disk_remedy(path: &Path) -> domain::Remedy {
    domain::Remedy::AskHuman {
        advice: format!("check that {} can be written and has room", path.parent().unwrap_or(path).display()),
    }
}
