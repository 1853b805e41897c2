//! The rule of the house, read from `cargo metadata`: every room imports `domain` and nothing else of ours; only the binary
//! and tests see several rooms.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// The rooms that no other room may be imported by, with what each may import of ours.
const ALLOWED: &[(&str, &[&str])] = &[
    ("rollmend-domain", &[]),
    ("rollmend-evidence", &["rollmend-domain"]),
    ("rollmend-agents", &["rollmend-domain"]),
    ("rollmend-orchestrator", &["rollmend-domain"]),
    ("rollmend-store", &["rollmend-domain"]),
    ("rollmend-server", &["rollmend-domain"]),
    ("rollmend-testbed", &["rollmend-domain"]),
    ("rollmend-tool-kubernetes", &["rollmend-domain"]),
    ("rollmend-tool-prometheus", &["rollmend-domain"]),
    ("rollmend-tool-repo", &["rollmend-domain"]),
    ("rollmend-tool-github", &["rollmend-domain"]),
    ("rollmend-shop", &[]),
    // It drives the binary; of rooms, it reads what users read: printed nouns, archives, and the ledger.
    ("rollmend-evals", &["rollmend-domain", "rollmend-store"]),
];

/// The composition root and the demo.
const BINARY: &str = "rollmend";

fn members() -> Vec<Package> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    metadata.packages
}

fn ours<'a>(package: &'a Package, kinds: &[DependencyKind]) -> BTreeSet<&'a str> {
    let all = package.dependencies.iter().filter(|dependency| kinds.contains(&dependency.kind));
    all.map(|dependency| dependency.name.as_str()).filter(|name| name.starts_with("rollmend")).collect()
}

#[test]
fn every_room_imports_domain_and_nothing_else_of_ours() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    for package in members().iter().filter(|package| package.name.as_str() != BINARY) {
        let name = package.name.as_str();
        let may = allowed.get(name).unwrap_or_else(|| {
            panic!("{name} is no room that this test knows: add it here and to docs/architecture.md")
        });
        let imports = ours(package, &[DependencyKind::Normal, DependencyKind::Build]);
        let foreign: Vec<&&str> = imports.iter().filter(|import| !may.contains(import)).collect();
        assert!(foreign.is_empty(), "{name} imports {foreign:?}");
    }
}

#[test]
fn tests_of_a_room_may_name_the_testbed_and_no_other_room() {
    for package in members().iter().filter(|package| package.name.as_str() != BINARY) {
        let imports = ours(package, &[DependencyKind::Development]);
        let foreign: Vec<&&str> = imports
            .iter()
            .filter(|import| !["rollmend-domain", "rollmend-testbed"].contains(import))
            .collect();
        assert!(foreign.is_empty(), "tests of {} import {foreign:?}", package.name);
    }
}

#[test]
fn nobody_imports_the_binary_and_domain_knows_no_io() {
    let members = members();
    for package in &members {
        let every = [DependencyKind::Normal, DependencyKind::Build, DependencyKind::Development];
        assert!(!ours(package, &every).contains(BINARY), "{} imports the binary", package.name);
    }
    let domain = members.iter().find(|package| package.name.as_str() == "rollmend-domain").unwrap();
    let runtimes =
        ["tokio", "reqwest", "hyper", "axum", "kube", "git2", "octocrab", "sqlx", "async-std", "smol"];
    for dependency in &domain.dependencies {
        assert!(!runtimes.contains(&dependency.name.as_str()), "domain imports {}", dependency.name);
    }
}

#[test]
fn every_room_says_what_it_is_for_and_what_it_refuses_to_know() {
    for package in members().iter().filter(|package| package.name.as_str() != BINARY) {
        let root = package.targets.iter().find(|target| target.is_lib()).unwrap();
        let text = std::fs::read_to_string(&root.src_path).unwrap();
        let doc: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(doc.contains("efuses to know"), "{} does not say what it refuses to know", root.src_path);
    }
}
