//! Writes a file that a person asked for.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use miette::{Context, IntoDiagnostic, miette};

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// It is left alone, and nothing is written.
    Kept,
    /// It is written over.
    Replaced,
}

/// Writes it whole; a new one that could not be written whole is taken away again. `advice` says what to do where one is there already.
pub(super) fn write(path: &Path, bytes: &[u8], existing: Existing, advice: &str) -> miette::Result<()> {
    let failed = || format!("failed to write {}", path.display());
    let mut options = OpenOptions::new();
    options.write(true);
    match existing {
        Existing::Kept => options.create_new(true),
        Existing::Replaced => options.create(true).truncate(true),
    };
    let mut file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(miette!(help = advice.to_owned(), "{} is there already", path.display()));
        }
        Err(error) => return Err(error).into_diagnostic().wrap_err_with(failed),
    };
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() && existing == Existing::Kept {
        // The failure to write is what is reported.
        let _ = std::fs::remove_file(path);
    }
    written.into_diagnostic().wrap_err_with(failed)
}
