//! The processes of a demo, by the folder that they run in.

use std::path::Path;
use std::process::{Child, Command};

/// The command lines of all processes whose working directory is this folder.
pub(crate) fn in_folder(folder: &Path) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let found = processes.filter_map(|process| {
        let works_there = std::fs::read_link(process.path().join("cwd")).ok()? == folder;
        // One that ends meanwhile is none any more.
        let line = std::fs::read_to_string(process.path().join("cmdline")).ok()?;
        works_there.then(|| line.replace('\0', " "))
    });
    found.collect()
}

/// Sends what Ctrl-C sends.
pub(crate) fn interrupt(process: &Child) {
    let sent = Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap();
    assert!(sent.success());
}
