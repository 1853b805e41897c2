//! Manifests line by line: which line holds the value that which keys lead to.
//!
//! Read by lines and not by a parser of the whole, since what is wanted is where a value stands, and since many manifests are
//! no YAML yet (templates of Helm). What cannot be read with certainty has no value here, and is no evidence then. Refuses
//! to know Kubernetes: `containers` is a key like any other.

mod assignments;
mod changed;
mod json;
mod outline;
mod yaml;

pub(crate) use changed::{Changed, changed};
pub(crate) use outline::Entry;

/// Characters of a value; a longer one is not read.
pub(crate) const LONGEST_VALUE: usize = 180;
/// Nested keys and lists; what lies deeper is not read.
const DEEPEST: usize = 64;

/// Lock files that end like a manifest, in lower case, as npm, pnpm, .NET and conda-lock name theirs. Those of others (`Cargo.lock`,
/// `yarn.lock`, `go.sum`) have endings of their own.
const LOCK_FILES: [&str; 6] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "packages.lock.json",
    "conda-lock.yml",
    "conda-lock.yaml",
];

/// How a manifest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// YAML, also a template of it.
    Yaml,
    /// JSON.
    Json,
    /// One `NAME=value` or `name: value` on each line.
    Assignments,
}

impl Format {
    /// By the file's name; `None` where it is no manifest. A package manager's lock file is none, although it is written as
    /// one: nobody sets a value there, and its versions and digests would stand beside the one that somebody did set.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        if LOCK_FILES.contains(&name.as_str()) {
            return None;
        }
        if name == ".env" || name.starts_with(".env.") {
            return Some(Self::Assignments);
        }
        match name.rsplit_once('.').map(|(_, ending)| ending)? {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            "env" | "properties" => Some(Self::Assignments),
            _ => None,
        }
    }

    /// The lines that hold a key, in the file's order.
    pub(crate) fn entries(self, text: &str) -> Vec<Entry> {
        match self {
            Self::Yaml => yaml::entries(text),
            Self::Json => json::entries(text),
            Self::Assignments => assignments::entries(text),
        }
    }

    /// Whether a parser of the format takes the text; `None` where the format has none.
    pub(crate) fn parses(self, text: &str) -> Option<bool> {
        match self {
            Self::Yaml => Some(serde_saphyr::from_multiple::<serde_json::Value>(text).is_ok()),
            Self::Json => Some(serde_json::from_str::<serde_json::Value>(text).is_ok()),
            Self::Assignments => None,
        }
    }
}

/// A scalar without its quotes, as both YAML and shells write them. `None` where it is empty, too long, or not sure.
fn unquoted(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = match text.chars().next()? {
        '"' => serde_json::from_str::<String>(text).ok()?,
        '\'' => {
            let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
            let doubled = inner.replace("''", "\0");
            if doubled.contains('\'') {
                return None;
            }
            doubled.replace('\0', "'")
        }
        _ => text.to_owned(),
    };
    let is_sure = bare.chars().count() <= LONGEST_VALUE && !bare.contains("{{");
    is_sure.then(|| crate::words::line(bare.as_bytes(), LONGEST_VALUE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_known_by_its_name() {
        for (path, format) in [
            ("deploy/rollout.yaml", Some(Format::Yaml)),
            ("chart/values-PROD.YML", Some(Format::Yaml)),
            ("deploy/rollout.json", Some(Format::Json)),
            (".env", Some(Format::Assignments)),
            ("deploy/.env.production", Some(Format::Assignments)),
            ("deploy/shop.env", Some(Format::Assignments)),
            ("src/main/resources/application.properties", Some(Format::Assignments)),
            ("src/main.rs", None),
            ("yaml", None),
            ("package.json", Some(Format::Json)),
            ("web/package-lock.json", None),
            ("pnpm-lock.yaml", None),
            ("src/Packages.lock.json", None),
            ("Cargo.lock", None),
        ] {
            assert_eq!(Format::of(path), format, "{path}");
        }
    }
}
