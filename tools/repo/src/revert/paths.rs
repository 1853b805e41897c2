//! Which files a patch may touch.

use domain::{Failure, Repository};
use git2::{Oid, Tree};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Files that decide what runs with the repository's rights, who must review, or what a bot changes next (attack 18): no
/// patch touches them, whatever the configuration says. Compared in lower case. Sources: the locations that GitHub's
/// documentation gives for workflows, code owners and Dependabot, and Renovate's for its configuration.
const NEVER: [&str; 15] = [
    ".github/workflows/**",
    ".github/actions/**",
    "codeowners",
    ".github/codeowners",
    "docs/codeowners",
    ".github/dependabot.{yml,yaml}",
    "renovate.{json,json5,jsonc}",
    ".github/renovate.{json,json5,jsonc}",
    ".gitlab/renovate.{json,json5,jsonc}",
    "{.renovaterc,.renovaterc.json,.renovaterc.json5}",
    "**/.gitmodules",
    "**/.gitattributes",
    "**/.lfsconfig",
    ".git/**",
    "**/.git/**",
];

/// The rule that [`has_twin`] finds broken, as it fits after "which".
pub(crate) const TWIN: &str = "has a neighbour whose name differs only in case";

/// Files that steer tools or other agents, or that run when something else is started (attack 19): a patch may touch them where
/// the paths allow it, and its reviewer is told. Compared in lower case. Sources: the projects' own documentation of where each is
/// read.
const FLAGGED: [&str; 10] = [
    "**/{claude,agents,gemini}.md",
    "**/{.cursorrules,.windsurfrules,.clinerules}",
    "**/{.claude,.cursor,.codex,.vscode,.idea}/**",
    ".github/{copilot-instructions.md,instructions/**}",
    "**/.cargo/config{,.toml}",
    "**/{.npmrc,.yarnrc,.yarnrc.yml,.pnpmfile.cjs,.pypirc,pip.conf}",
    "**/{conftest.py,sitecustomize.py}",
    "**/{.mvn,.husky,.devcontainer}/**",
    "**/{.envrc,.pre-commit-config.yaml}",
    "**/gradle/wrapper/gradle-wrapper.properties",
];

/// The rules for one repository.
pub(crate) struct PathRules {
    never: GlobSet,
    flagged: GlobSet,
    allowed: Option<GlobSet>,
}

impl PathRules {
    /// From `paths` of the configuration.
    pub(crate) fn new(repository: &Repository) -> Result<Self, Failure> {
        let allowed = match repository.paths.as_slice() {
            [] => None,
            globs => Some(set(globs.iter().map(String::as_str))?),
        };
        Ok(Self { never: set(NEVER)?, flagged: set(FLAGGED)?, allowed })
    }

    /// The rule that a path breaks, as it fits after "which".
    pub(crate) fn broken_by(&self, path: &[u8]) -> Option<&'static str> {
        if let Some(rule) = no_name(path) {
            return Some(rule);
        }
        let text = String::from_utf8_lossy(path);
        let lower = text.to_lowercase();
        if self.never.is_match(&lower) {
            return Some(
                "is among the files that a patch never touches (workflows, code owners, bots, git's own)",
            );
        }
        match &self.allowed {
            Some(allowed) if !allowed.is_match(text.as_ref()) => {
                Some("is not among the paths that agents.toml allows")
            }
            _ => None,
        }
    }

    /// Those of the paths of which the reviewer is told.
    pub(crate) fn flagged<'a>(&self, paths: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let told = |path: &&str| self.flagged.is_match(path.to_lowercase());
        paths.into_iter().filter(told).map(str::to_owned).collect()
    }
}

/// Why something is no name of a file in a tree, whoever asks for it and whatever for, as it fits after "which".
pub(crate) fn no_name(path: &[u8]) -> Option<&'static str> {
    let Ok(text) = std::str::from_utf8(path) else { return Some("is not UTF-8") };
    let strange = |c: char| c.is_control() || c == '\\' || domain::is_invisible(c);
    if text.is_empty() || text.starts_with('/') || text.chars().any(strange) {
        return Some("is a name that nobody can review");
    }
    let lower = text.to_lowercase();
    if lower.split('/').any(|part| part.is_empty() || part == "." || part == ".." || is_dot_git(part)) {
        return Some("reaches out of the tree or into git's own files");
    }
    None
}

/// Names that some file system takes for `.git` (see git's `verify_path`): with dots or blanks behind, or its short DOS name.
fn is_dot_git(part: &str) -> bool {
    let bare = part.split(':').next().unwrap_or(part).trim_end_matches(['.', ' ']);
    bare == ".git" || bare == "git~1"
}

fn set<'a>(globs: impl IntoIterator<Item = &'a str>) -> Result<GlobSet, Failure> {
    let mut builder = GlobSetBuilder::new();
    let refuse = |error: globset::Error| {
        let advice = "mend the glob under paths of this [[repository]] in agents.toml";
        Failure::ask_human("path-glob", format!("read the allowed paths: {error}"), advice).because(error)
    };
    for glob in globs {
        builder.add(GlobBuilder::new(glob).literal_separator(true).build().map_err(refuse)?);
    }
    builder.build().map_err(refuse)
}

/// Whether a directory on the way to `path` holds another name that differs only in case (attack 16): on some file systems both
/// are one file, and a reviewer takes one for the other.
pub(crate) fn has_twin(clone: &git2::Repository, root: &Tree<'_>, path: &str) -> Result<bool, git2::Error> {
    let mut directory: Option<Oid> = Some(root.id());
    for part in path.split('/') {
        let Some(id) = directory else { return Ok(false) };
        let tree = clone.find_tree(id)?;
        let lower = part.to_lowercase();
        let twins =
            |name: &[u8]| name != part.as_bytes() && String::from_utf8_lossy(name).to_lowercase() == lower;
        if tree.iter().any(|entry| twins(entry.name_bytes())) {
            return Ok(true);
        }
        let next = tree.get_name_bytes(part.as_bytes());
        directory = next.filter(|entry| entry.kind() == Some(git2::ObjectType::Tree)).map(|entry| entry.id());
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(paths: &[&str]) -> PathRules {
        PathRules::new(&Repository {
            url: domain::RepositoryUrl::parse("https://github.com/acme/shop").unwrap(),
            base: "main".parse().unwrap(),
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
            labels: vec![],
        })
        .unwrap()
    }

    #[test]
    fn attack_18_files_that_decide_what_runs_or_who_reviews_are_never_touched() {
        let rules = rules(&["**"]);
        for path in [
            ".github/workflows/ci.yml",
            ".GitHub/Workflows/ci.yml",
            ".github/actions/build/action.yml",
            "CODEOWNERS",
            ".github/CODEOWNERS",
            "docs/CODEOWNERS",
            ".github/dependabot.yml",
            "renovate.json",
            ".renovaterc",
            ".github/renovate.json5",
            ".gitmodules",
            "vendor/.gitattributes",
            ".lfsconfig",
        ] {
            assert!(rules.broken_by(path.as_bytes()).is_some(), "{path} was allowed");
        }
        for path in ["src/main.rs", "docs/codeowners.md", ".github/ISSUE_TEMPLATE.md", "gitconfig.rs"] {
            assert_eq!(rules.broken_by(path.as_bytes()), None, "{path}");
        }
    }

    #[test]
    fn attack_19_files_that_steer_tools_or_agents_are_flagged_for_the_reviewer() {
        let told = [
            "CLAUDE.md",
            "sub/Agents.md",
            ".cargo/config.toml",
            "web/.npmrc",
            "tests/conftest.py",
            ".vscode/tasks.json",
        ];
        assert_eq!(rules(&[]).flagged(told), told);
        assert_eq!(rules(&[]).flagged(["src/agents.rs", "config.toml", "claude.md.txt"]), [""; 0]);
    }

    #[test]
    fn attacks_10_12_and_14_a_path_that_reaches_out_or_hides_is_refused() {
        let rules = rules(&[]);
        for path in [
            "../x",
            "/etc/passwd",
            "a/../b",
            "a\\b",
            "a\0b",
            "a\rb",
            ".git/config",
            "x/.GIT/hooks/post-checkout",
            ".git./a",
            "git~1/config",
            ".git::$INDEX_ALLOCATION/config",
            "a//b",
            "",
            "sr\u{200b}c/main.rs",
        ] {
            assert!(rules.broken_by(path.as_bytes()).is_some(), "{path:?} was allowed");
        }
        assert!(rules.broken_by(&[b'a', 0xff]).is_some());
    }

    #[test]
    fn only_the_configured_paths_are_allowed_where_there_are_any() {
        let rules = rules(&["src/**", "deploy/*.yaml"]);
        assert_eq!(rules.broken_by(b"src/a/b.rs"), None);
        assert_eq!(rules.broken_by(b"deploy/a.yaml"), None);
        assert!(rules.broken_by(b"deploy/a/b.yaml").is_some());
        assert!(rules.broken_by(b"Cargo.toml").is_some());
    }
}
