//! One daemon for one journal.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// An exclusive lock on `<journal>.lock`, held until dropped; the kernel lets go of it when the process dies. The file
/// says who holds it.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or says who has it. `holder` is written into the file, such as `process 4711 on node-3`.
    pub fn take(journal: &Path, holder: &str) -> Result<Self, Error> {
        let path = Self::path(journal);
        let cannot = |source| Error::Lock { path: path.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(source)) => return Err(cannot(source)),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let read = (&mut file).take(200).read_to_string(&mut text);
                let holder = match read {
                    Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
                    _ => "another process".to_owned(),
                };
                return Err(Error::Held { journal: journal.to_owned(), holder });
            }
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(holder.as_bytes())?;
            file.sync_data()
        };
        write(&mut file).map_err(cannot)?;
        Ok(Self { _file: file })
    }

    fn path(journal: &Path) -> PathBuf {
        let mut name = journal.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        journal.with_file_name(name)
    }
}
