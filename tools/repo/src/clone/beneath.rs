//! Files of ours in the directory of the clones, opened by handle so that a symlink that was put in their place is an error and
//! nothing can be swapped in between a look and its use (attack 11).

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};

/// Opens a file for writing, made where it is absent, what it holds left as it is. The directory may be reached over links, since the
/// operator chose it; the file itself may not.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let nameless = || io::Error::new(io::ErrorKind::InvalidInput, "a path without a name");
    let directory = openat(
        CWD,
        path.parent().ok_or_else(nameless)?,
        OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    in_directory(&directory, path.file_name().ok_or_else(nameless)?)
}

/// Puts a text into a file of a clone, which itself may not be a link either.
pub(super) fn write(clone: &Path, name: &str, text: &str) -> io::Result<()> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = in_directory(&openat(CWD, clone, flags, Mode::empty())?, OsStr::new(name))?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}

fn in_directory(directory: &OwnedFd, name: &OsStr) -> io::Result<File> {
    // Without NONBLOCK, a pipe in its place would be waited at for ever.
    let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(openat(directory, name, flags, Mode::RUSR | Mode::WUSR)?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no plain file stands there"));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn attack_11_a_link_in_the_place_of_a_file_or_a_clone_is_not_written_through() {
        let directory = tempfile::tempdir().unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        fs::create_dir(directory.path().join("there")).unwrap();
        let clone = directory.path().join("a.git");
        fs::create_dir(&clone).unwrap();
        symlink(&victim, clone.join("used")).unwrap();
        symlink(directory.path().join("absent"), directory.path().join("a.lock")).unwrap();
        symlink(directory.path().join("there"), directory.path().join("b.git")).unwrap();
        assert!(write(&clone, "used", "x").is_err());
        assert!(open(&directory.path().join("a.lock")).is_err());
        assert!(write(&directory.path().join("b.git"), "used", "x").is_err());
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
        assert!(!directory.path().join("absent").exists());
        assert_eq!(fs::read_dir(directory.path().join("there")).unwrap().count(), 0);
        fs::remove_file(clone.join("used")).unwrap();
        write(&clone, "used", "longer").unwrap();
        write(&clone, "used", "short").unwrap();
        assert_eq!(fs::read_to_string(clone.join("used")).unwrap(), "short");
    }
}
