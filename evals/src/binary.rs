//! The `rollmend` to play with, where none is named.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, ensure};
use tokio::process::Command;

/// Has cargo build it in the profile of this program, and gives its place: beside this program.
pub(crate) async fn build() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("failed to find this program")?;
    let folder = this.parent().context("failed to find this program's folder")?;
    let cargo = std::env::var_os("CARGO").context(
        "name the rollmend to play with by --rollmend, or run this with `cargo run -p rollmend-evals`",
    )?;
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "rollmend", "--bin", "rollmend"]);
    command.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    // What `cargo run` says of this package would have build scripts that look at it run anew, here and the next time elsewhere.
    let of_this_package =
        |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|begin| name.starts_with(begin));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(of_this_package) {
            command.env_remove(name);
        }
    }
    if let Some(target) = folder.parent() {
        command.arg("--target-dir").arg(target);
    }
    // Standard output is the report's.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().await?;
    ensure!(status.success(), "cargo could not build rollmend");
    let binary = folder.join(format!("rollmend{}", std::env::consts::EXE_SUFFIX));
    ensure!(binary.is_file(), "cargo built no {}", binary.display());
    Ok(binary)
}
