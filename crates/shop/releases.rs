//! The compiled releases.

use std::str::FromStr;

#[expect(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a source tree of its own, with the habits of its own authors"
)]
#[path = "shop-1.1.0/src/main.rs"]
mod faulty;
#[expect(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a source tree of its own, with the habits of its own authors"
)]
#[path = "shop-1.0.0/src/main.rs"]
mod first;
#[expect(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a source tree of its own, with the habits of its own authors"
)]
#[path = "shop-1.1.0-leaking/src/main.rs"]
mod leaking;
#[expect(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a source tree of its own, with the habits of its own authors"
)]
#[path = "shop-1.1.0-sound/src/main.rs"]
mod sound;

/// A release of the shop that can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// 1.0.0.
    First,
    /// 1.1.0 with the bug: orders that a gift card covers panic.
    Faulty,
    /// 1.1.0 as it would be without the commit that brought the bug.
    Sound,
    /// 1.1.0 with a page of memory for every order, never given back.
    Leaking,
}

/// A file of a release's tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Its path in the shop's repository.
    pub path: &'static str,
    /// Its whole text.
    pub text: &'static str,
}

/// The files of the tree in that folder.
macro_rules! files {
    ($folder:literal: $($path:literal),+) => {
        &[$(File { path: $path, text: include_str!(concat!($folder, "/", $path)) }),+]
    };
}

const FIRST: &[File] = files!("shop-1.0.0": "Cargo.toml", "README.md", "deploy/rollout.yaml", "src/http.rs", "src/main.rs", "src/metrics.rs",
    "src/orders.rs", "src/payments.rs", "src/prices.rs");
const FAULTY: &[File] = files!("shop-1.1.0": "Cargo.toml", "README.md", "deploy/rollout.yaml", "src/http.rs", "src/main.rs", "src/metrics.rs",
    "src/orders.rs", "src/payments.rs", "src/prices.rs");
const SOUND: &[File] = files!("shop-1.1.0-sound": "Cargo.toml", "README.md", "deploy/rollout.yaml", "src/http.rs", "src/main.rs",
    "src/metrics.rs", "src/orders.rs", "src/payments.rs", "src/prices.rs");
const LEAKING: &[File] = files!("shop-1.1.0-leaking": "Cargo.toml", "README.md", "deploy/rollout.yaml", "src/http.rs",
    "src/main.rs", "src/metrics.rs", "src/orders.rs", "src/payments.rs", "src/prices.rs", "src/receipts.rs");

impl Release {
    /// All of them.
    pub const ALL: [Release; 4] = [Release::First, Release::Faulty, Release::Sound, Release::Leaking];

    /// The name by which a command line asks for it.
    pub fn name(self) -> &'static str {
        match self {
            Release::First => "1.0.0",
            Release::Faulty => "1.1.0",
            Release::Sound => "1.1.0-sound",
            Release::Leaking => "1.1.0-leaking",
        }
    }

    /// The version that it carries.
    pub fn version(self) -> &'static str {
        match self {
            Release::First => "1.0.0",
            Release::Faulty | Release::Sound | Release::Leaking => "1.1.0",
        }
    }

    /// The tree that it is compiled from, ordered by path.
    pub fn files(self) -> &'static [File] {
        match self {
            Release::First => FIRST,
            Release::Faulty => FAULTY,
            Release::Sound => SOUND,
            Release::Leaking => LEAKING,
        }
    }

    /// Opens the shop on a loopback port; returns only when it cannot go on.
    ///
    /// # Errors
    /// When the port cannot be bound or a thread cannot be started.
    pub fn serve(self, port: u16) -> std::io::Result<()> {
        match self {
            Release::First => first::serve(port),
            Release::Faulty => faulty::serve(port),
            Release::Sound => sound::serve(port),
            Release::Leaking => leaking::serve(port),
        }
    }
}

impl FromStr for Release {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Release::ALL.into_iter().find(|release| release.name() == name);
        let names = || Release::ALL.map(Release::name).join(", ");
        known.ok_or_else(|| format!("find the release {name}: there are {}", names()))
    }
}
