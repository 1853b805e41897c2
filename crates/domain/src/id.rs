//! Newtypes for every name and number that crosses a room, parsed once at the door.
//!
//! Refuses to know where a name came from; a value that exists here has the shape its kind demands.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text that is no valid identifier of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read {kind} {text:?}: {rule}")]
pub struct InvalidId {
    /// What was expected, such as `namespace`.
    pub kind: &'static str,
    /// The offending text, cut to 80 characters.
    pub text: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId { kind: $kind, text: text.chars().take(80).collect(), rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn is_dns_name(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.len() <= 253
        && edge(text.chars().next())
        && edge(text.chars().next_back())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.')
}

fn is_word(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.len() <= longest && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

text_id!(
    /// A Kubernetes namespace.
    Namespace, "namespace", "up to 253 lower-case letters, digits, `-` and `.`", is_dns_name
);
text_id!(
    /// The name of a Rollout in its namespace.
    RolloutName, "rollout name", "up to 253 lower-case letters, digits, `-` and `.`", is_dns_name
);
text_id!(
    /// The name of an AnalysisRun in its namespace.
    AnalysisRunName, "AnalysisRun name", "up to 253 lower-case letters, digits, `-` and `.`", is_dns_name
);
text_id!(
    /// The name of a pod in its namespace.
    PodName, "pod name", "up to 253 lower-case letters, digits, `-` and `.`", is_dns_name
);
text_id!(
    /// The name of a container in its pod.
    ContainerName, "container name", "up to 253 lower-case letters, digits, `-` and `.`", is_dns_name
);
text_id!(
    /// `metadata.uid` of a Kubernetes object.
    Uid, "uid", "up to 64 letters, digits and `-`", |t| is_word(t, 64)
);
text_id!(
    /// The value of the label `rollouts-pod-template-hash`: which pods belong to which template.
    PodHash, "pod template hash", "up to 63 letters, digits and `-`", |t| is_word(t, 63)
);
text_id!(
    /// The cluster: `[cluster] name`, or the UID of the namespace `kube-system`.
    ClusterId, "cluster", "1 to 253 printable characters", |t| {
        !t.is_empty() && t.len() <= 253 && t.chars().all(|c| !c.is_control())
    }
);
text_id!(
    /// The name of a metric in an AnalysisRun.
    MetricName, "metric name", "1 to 253 printable characters", |t| {
        !t.is_empty() && t.len() <= 253 && t.chars().all(|c| !c.is_control())
    }
);
text_id!(
    /// A git commit's full object id: 40 lower-case hexadecimal digits (SHA-1).
    CommitSha, "commit", "40 lower-case hexadecimal digits", |t| is_hex(t, 40)
);
text_id!(
    /// The SHA-256 of a case file's canonical JSON, in hexadecimal.
    CaseId, "case file digest", "64 lower-case hexadecimal digits", |t| is_hex(t, 64)
);
text_id!(
    /// `<namespace>-<rollout>-<first 8 hex of SHA-256 over the identity>`; see
    /// [`IncidentIdentity::id`](crate::IncidentIdentity::id).
    IncidentId, "incident", "<namespace>-<rollout>-<8 hexadecimal digits>", |t| {
        t.rsplit_once('-').is_some_and(|(head, tail)| is_dns_name(head) && is_hex(tail, 8)) && t.len() <= 520
    }
);
text_id!(
    /// A branch name that git accepts and no shell or refspec can misread: letters, digits and `._/-`, no leading `-`
    /// or `/`, no `..`, no `//`, no `.lock` ending.
    BranchName, "branch", "letters, digits, `.`, `_`, `/`, `-`; no leading `-` or `/`, no `..`, no `//`, no `.lock`", |t| {
        !t.is_empty()
            && t.len() <= 244
            && !t.starts_with(['-', '/', '.'])
            && !t.ends_with(['/', '.'])
            && !["..", "//", "/."].iter().any(|bad| t.contains(bad))
            && !t.split('/').any(|part| part.strip_suffix(".lock").is_some())
            && t.chars().all(|c| c.is_ascii_alphanumeric() || "._/-".contains(c))
    }
);

impl IncidentId {
    /// For a text that this crate built from parsed parts.
    pub(crate) fn trusted(text: String) -> Self {
        Self(text)
    }
}

impl BranchName {
    /// For a name that this crate built from parsed parts.
    pub(crate) fn trusted(text: String) -> Self {
        Self(text)
    }
}

impl CaseId {
    /// For a digest that this crate computed.
    pub(crate) fn trusted(text: String) -> Self {
        Self(text)
    }
}

impl CommitSha {
    /// The first seven digits, as people write a commit.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }

    /// The first twelve digits, as branch names carry it.
    pub fn twelve(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

/// The number of an exhibit in its case file: E1, E2, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ExhibitId(pub NonZeroU32);

impl fmt::Display for ExhibitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E{}", self.0)
    }
}

/// Which try of the same incident this is, from 1: a retry of the Rollout is a new attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AttemptNumber(pub NonZeroU32);

impl AttemptNumber {
    /// The first attempt.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The attempt after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for AttemptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a pull request in its repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PullRequestNumber(pub u64);

impl fmt::Display for PullRequestNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_name_that_git_or_a_shell_could_misread_is_refused() {
        for bad in [
            "", "-x", "/x", "a..b", "a//b", "a b", "a;rm", "a~1", "a^", "a:b", "a.lock", "a/", "$(x)",
            "a\\b", "ä",
        ] {
            assert!(bad.parse::<BranchName>().is_err(), "{bad:?} was accepted");
        }
        assert_eq!(
            "rollmend/main/0123456789ab".parse::<BranchName>().unwrap().as_str(),
            "rollmend/main/0123456789ab"
        );
    }

    #[test]
    fn an_identifier_keeps_its_rule_when_it_is_read_back() {
        assert!(serde_json::from_str::<Namespace>(r#""../etc""#).is_err());
        assert!(serde_json::from_str::<CommitSha>(r#""HEAD""#).is_err());
        assert_eq!(serde_json::from_str::<Namespace>(r#""shop""#).unwrap(), "shop".parse().unwrap());
    }
}
