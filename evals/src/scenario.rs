//! What is played and what must come of it, as `scenarios/*.toml` say it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use domain::{Category, PatchKind};
use serde::Deserialize;

use crate::commit::Tree;

/// The ending of a scenario's file.
const ENDING: &str = "toml";
/// Bytes of a scenario's file, and of a file of an expected tree, at most.
const LARGEST: u64 = 1 << 20;

/// A scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its file's name without the ending.
    #[serde(skip)]
    pub name: String,
    /// What it is, in a few words.
    pub about: String,
    /// The name by which `rollmend demo --scenario` plays it.
    pub demo: String,
    /// What the gate must say while it is played.
    pub gate: ExpectedGate,
    /// The verdict, of exactly one incident. Absent: there must be no incident.
    pub verdict: Option<ExpectedVerdict>,
    /// The change of exactly one pull request. Absent: there must be no pull request.
    pub patch: Option<ExpectedPatch>,
}

/// What the gate must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedGate {
    /// 200, `promote: true`.
    Promote,
    /// 200, `promote: false`.
    Hold,
    /// 409: stable shows the same trouble.
    CannotJudge,
}

/// The verdict that must stand at the end.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedVerdict {
    /// Where the cause lies.
    pub category: Category,
    /// The subject of the commit to blame. Absent: no commit may be blamed on grounds of its own.
    pub suspect: Option<String>,
    /// How sure the rules are, by their table in `crates/agents/src/analyst/confidence.rs`.
    pub confidence: Band,
    /// Words that cause or next step must have, in any case: those that no good explanation could do without.
    #[serde(default)]
    pub says: Vec<String>,
}

/// A span of confidence, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// From 0 to 100.
    pub at_least: u8,
    /// From 0 to 100.
    pub at_most: u8,
}

/// The change that the pull request must make.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedPatch {
    /// How it comes about by the rules.
    pub kind: PatchKind,
    /// The whole tree after it, in layers: a later one's files replace an earlier one's.
    #[serde(rename = "tree")]
    pub layers: Vec<Layer>,
    /// What the layers hold, read with the file.
    #[serde(skip)]
    pub tree: Tree,
}

/// The files of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// The folder, relative to the scenario's file.
    pub folder: PathBuf,
    /// The paths that count; all when absent.
    pub only: Option<Vec<String>>,
}

/// Every scenario of a folder, by name; those of `wanted` alone unless it is empty.
///
/// # Errors
/// A file that cannot be read or makes no sense, and a wanted one that is not there.
pub fn read_all(folder: &Path, wanted: &[String]) -> anyhow::Result<Vec<Scenario>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("failed to read {}", folder.display()))?;
    let files: BTreeSet<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == ENDING))
        .collect();
    let known: Vec<String> = files.iter().filter_map(|path| name(path)).collect();
    if let Some(other) = wanted.iter().find(|wanted| !known.contains(wanted)) {
        bail!("there is no scenario {other} in {}; there are {}", folder.display(), known.join(", "));
    }
    let is_wanted =
        |path: &&PathBuf| wanted.is_empty() || name(path).is_some_and(|name| wanted.contains(&name));
    let read =
        |path: &PathBuf| Scenario::read(path).with_context(|| format!("failed to read {}", path.display()));
    files.iter().filter(is_wanted).map(read).collect()
}

fn name(path: &Path) -> Option<String> {
    Some(path.file_stem()?.to_str()?.to_owned())
}

impl Scenario {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let mut scenario: Self = toml::from_str(&String::from_utf8(bounded(path)?)?)?;
        scenario.name = name(path).unwrap_or_default();
        ensure!(
            scenario.patch.is_none() || scenario.verdict.is_some(),
            "a patch needs a verdict that leads to it"
        );
        let home = path.parent().unwrap_or(Path::new("."));
        if let Some(patch) = &mut scenario.patch {
            for layer in &patch.layers {
                layer.lay(home, &mut patch.tree)?;
            }
        }
        Ok(scenario)
    }
}

impl Layer {
    fn lay(&self, home: &Path, tree: &mut Tree) -> anyhow::Result<()> {
        let root = home.join(&self.folder);
        let files = files(&root).with_context(|| format!("failed to read {}", root.display()))?;
        let absent = self.only.iter().flatten().find(|path| !files.contains_key(*path));
        ensure!(absent.is_none(), "{} has no {}", root.display(), absent.map_or("", String::as_str));
        for (path, file) in files {
            if self.only.as_ref().is_none_or(|only| only.contains(&path)) {
                tree.insert(path, bounded(&file)?);
            }
        }
        Ok(())
    }
}

/// Every file below a folder, by its path from there.
fn files(root: &Path) -> std::io::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) {
                found.insert(name.to_owned(), path.clone());
            }
        }
    }
    Ok(found)
}

fn bounded(path: &Path) -> anyhow::Result<Vec<u8>> {
    let size = std::fs::metadata(path).with_context(|| format!("failed to read {}", path.display()))?.len();
    ensure!(size <= LARGEST, "{} has more than {LARGEST} bytes", path.display());
    Ok(std::fs::read(path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Scenario> {
        let folder = tempfile::tempdir()?;
        std::fs::create_dir_all(folder.path().join("shop/src"))?;
        std::fs::write(folder.path().join("shop/src/main.rs"), "fn main() {}")?;
        std::fs::write(folder.path().join("shop/README.md"), "a shop")?;
        std::fs::write(folder.path().join("one.toml"), text)?;
        Ok(read_all(folder.path(), &[])?.remove(0))
    }

    const VERDICT: &str = "about = 'a bug'\ndemo = 'failing'\ngate = 'hold'\n[verdict]\ncategory = 'code'\nconfidence = { at_least = 80, at_most = 90 }\n";

    #[test]
    fn the_scenarios_of_the_house_are_read_with_their_trees() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let scenarios = read_all(&folder, &[]).unwrap();
        let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
        assert_eq!(names, ["config", "failing", "healthy", "leak", "template"]);
        let leak = scenarios.iter().find(|scenario| scenario.name == "leak").unwrap();
        let tree = &leak.patch.as_ref().unwrap().tree;
        assert!(!tree.contains_key("src/receipts.rs"));
        assert!(String::from_utf8_lossy(&tree["README.md"]).contains("receipt"));
    }

    #[test]
    fn a_layer_takes_all_files_or_those_that_it_names() {
        let all =
            read(&format!("{VERDICT}[patch]\nkind = 'revert'\ntree = [{{ folder = 'shop' }}]")).unwrap();
        let paths: Vec<String> = all.patch.unwrap().tree.into_keys().collect();
        assert_eq!(paths, ["README.md", "src/main.rs"]);
        let one = "[patch]\nkind = 'revert'\ntree = [{ folder = 'shop', only = ['README.md'] }]";
        let paths: Vec<String> =
            read(&format!("{VERDICT}{one}")).unwrap().patch.unwrap().tree.into_keys().collect();
        assert_eq!(paths, ["README.md"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let no_verdict = "about = 'a'\ndemo = 'b'\ngate = 'hold'\n[patch]\nkind = 'revert'\ntree = []";
        let absent = "[patch]\nkind = 'revert'\ntree = [{ folder = 'shop', only = ['LICENSE'] }]";
        for (text, wrong) in [
            (no_verdict.to_owned(), "a patch needs a verdict"),
            (format!("{VERDICT}{absent}"), "has no LICENSE"),
            (format!("{VERDICT}mood = 'good'"), "unknown field `mood`"),
        ] {
            let error = format!("{:#}", read(&text).unwrap_err());
            assert!(error.contains(wrong), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let error = read_all(folder.path(), &["nothing".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("there is no scenario nothing"), "{error}");
    }
}
