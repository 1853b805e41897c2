//! What the operator may turn, with the limits that a hostile repository meets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// Where clones lie and what they may cost.
#[derive(Debug, Clone)]
pub struct CloneSettings {
    /// The directory for the clones; made when it is absent. Nothing else may live in it.
    pub directory: PathBuf,
    /// Bytes that all clones together may take; the one unused for longest goes first. 5 GiB by default.
    pub quota: u64,
    /// Limits for one repository.
    pub limits: Limits,
    /// Time limits.
    pub timeouts: Timeouts,
    /// A PEM file with certificate authorities that are trusted beside the system's, for GitHub Enterprise.
    pub authorities: Option<PathBuf>,
}

impl CloneSettings {
    /// The defaults, with clones in `directory`.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            quota: 5 << 30,
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            authorities: None,
        }
    }
}

/// What one repository may be, whatever its server sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes received in one operation (advertised refs, negotiation and pack together).
    pub received: u64,
    /// Objects in one pack.
    pub objects: usize,
    /// Refs that the server advertises.
    pub refs: usize,
    /// Bytes in which it advertises them.
    pub advertised: u64,
    /// Packs (one comes with each fetch that brings something) after which a clone starts over.
    pub packs: usize,
    /// Bytes of one blob that is compared or merged; a larger one counts as opaque in a range and stops a revert.
    pub blob: usize,
    /// Bytes of one tree object.
    pub tree: usize,
    /// Directories below each other.
    pub depth: u32,
    /// Files in one commit's tree.
    pub files: u64,
    /// Commits of a range that are read; the rest is counted.
    pub range_commits: usize,
    /// Files of a commit that are read; the rest is counted.
    pub commit_files: usize,
    /// Changed line ranges of a file that are reported.
    pub file_hunks: usize,
    /// Files of a revert, as many as a reviewer reads.
    pub revert_files: usize,
    /// Added and removed lines of a revert, as many as a reviewer reads.
    pub revert_lines: u64,
    /// Bytes of a patch's diff that are kept.
    pub diff: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            received: 2 << 30,
            objects: 10_000_000,
            refs: 200_000,
            advertised: 64 << 20,
            packs: 200,
            blob: 1 << 20,
            tree: 32 << 20,
            depth: 100,
            files: 1_000_000,
            range_commits: 200,
            commit_files: 300,
            file_hunks: 500,
            revert_files: 50,
            revert_lines: 2_000,
            diff: 64 << 10,
        }
    }
}

/// How long things may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a connection stands.
    pub connect: Duration,
    /// For a whole operation: a clone and all that follows on it.
    pub whole: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), whole: Duration::from_secs(300) }
    }
}

/// Which token is for which origin.
pub trait CredentialFor: Send + Sync {
    /// The token for an origin (scheme, host and port, such as `https://github.com`); `None` for every other.
    fn credential(&self, origin: &str) -> Option<SecretString>;
}

/// Tokens by origin, compared exactly.
#[derive(Debug, Clone, Default)]
pub struct OriginTokens(BTreeMap<String, SecretString>);

impl OriginTokens {
    /// One token for one origin, as [`domain::RepositoryUrl::origin`] writes it.
    pub fn one(origin: impl Into<String>, token: SecretString) -> Self {
        Self(BTreeMap::from([(origin.into(), token)]))
    }
}

impl CredentialFor for OriginTokens {
    fn credential(&self, origin: &str) -> Option<SecretString> {
        self.0.get(origin).cloned()
    }
}
