//! Reads an archive that somebody else may have made.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use miette::{Context, IntoDiagnostic, miette};
use store::Archive;

/// The largest file that is read, packed.
const LARGEST: u64 = 128 << 20;

/// The archive in the file, verified.
pub(super) async fn read(path: &Path) -> miette::Result<Archive> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || read_blocking(&path)).await;
    read.into_diagnostic()?
}

fn read_blocking(path: &Path) -> miette::Result<Archive> {
    let unreadable = || format!("failed to read {}", path.display());
    // Looked at before it is opened: a pipe that nobody writes would be waited for.
    let about = std::fs::metadata(path).into_diagnostic().wrap_err_with(unreadable)?;
    if !about.is_file() {
        return Err(miette!("failed to read {}: it is no file", path.display()));
    }
    if about.len() > LARGEST {
        return Err(miette!("failed to read {}: it is larger than {} MiB", path.display(), LARGEST >> 20));
    }
    let file = File::open(path).into_diagnostic().wrap_err_with(unreadable)?;
    Archive::read(file.take(LARGEST)).map_err(|error| miette!("failed to {error}")).wrap_err_with(unreadable)
}
