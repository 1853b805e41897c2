//! The folder that a demo leaves behind, and the configuration in it.

use std::path::{Path, PathBuf};

use miette::{Context, IntoDiagnostic, miette};

/// The name of the folder within the system's one for temporary files, before its random part.
const PREFIX: &str = "rollmend-demo-";

/// Where everything lies that is left of a demo.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder of that path, which must be new or empty, or a fresh temporary one.
    pub(super) fn make(wanted: Option<&Path>) -> miette::Result<Self> {
        let root = match wanted {
            Some(path) => {
                std::fs::create_dir_all(path)
                    .into_diagnostic()
                    .wrap_err_with(|| format!("failed to make the folder {}", path.display()))?;
                let path = path.canonicalize().into_diagnostic()?;
                if std::fs::read_dir(&path).into_diagnostic()?.next().is_some() {
                    return Err(miette!(
                        help = "name a new folder, or leave --keep out for a temporary one",
                        "{} is not empty",
                        path.display()
                    ));
                }
                path
            }
            None => tempfile::Builder::new()
                .prefix(PREFIX)
                .tempdir()
                .into_diagnostic()
                .wrap_err("failed to make a temporary folder")?
                .keep(),
        };
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Takes it away again, when there is nothing in it to look at.
    pub(super) fn remove(&self) {
        // What cannot be removed is a few files in a temporary folder.
        let _ = std::fs::remove_dir_all(&self.root);
    }

    /// `agents.toml`.
    pub(super) fn configuration(&self) -> PathBuf {
        self.root.join("agents.toml")
    }

    /// What the daemon keeps: journal, case files, spool, clones.
    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The daemon's log.
    pub(super) fn log(&self) -> PathBuf {
        self.root.join("daemon.log")
    }

    /// The shop's repository as the stand-in for GitHub keeps it.
    pub(super) fn github(&self) -> PathBuf {
        self.root.join("github")
    }

    /// A checkout of the shop, to look at.
    pub(super) fn checkout(&self) -> PathBuf {
        self.root.join("shop")
    }

    /// Writes a file of the folder and gives its path.
    pub(super) fn write(&self, name: &str, text: &str) -> miette::Result<PathBuf> {
        let path = self.root.join(name);
        std::fs::write(&path, text)
            .into_diagnostic()
            .wrap_err_with(|| format!("failed to write {}", path.display()))?;
        Ok(path)
    }
}
