//! A bounded excerpt of a container's log.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{ContainerName, PodName};
use crate::observation::{ContainerRole, Side};

/// What was kept of one container's log: a fixed head and the end, with what was dropped between them counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogExcerpt {
    /// The pod.
    pub pod: PodName,
    /// The container.
    pub container: ContainerName,
    /// What the container is there for.
    pub role: ContainerRole,
    /// Canary or stable.
    pub side: Side,
    /// The running container, or the one before its last restart.
    pub which: Incarnation,
    /// The first lines, each ending in a line feed and beginning with its RFC 3339 time and a blank.
    pub head: String,
    /// The last lines, in the same shape; empty when the head holds everything.
    pub tail: String,
    /// What is between head and tail and not kept, and what was cut off overlong lines.
    pub dropped: Dropped,
}

/// Which run of a container a log belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Incarnation {
    /// The one that runs or ran last.
    Current,
    /// The one before its last restart.
    Previous,
}

/// Counts of what a limit cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dropped {
    /// Whole lines.
    pub lines: u64,
    /// Bytes, those of cut lines included.
    pub bytes: u64,
}

/// One line of an excerpt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// The time that the kubelet recorded, where the line has one.
    pub at: Option<DateTime<Utc>>,
    /// The line without it.
    pub text: &'a str,
}

impl LogExcerpt {
    /// The kept lines, oldest first. Empty lines are skipped.
    pub fn lines(&self) -> impl Iterator<Item = LogLine<'_>> {
        self.head.lines().chain(self.tail.lines()).filter(|line| !line.is_empty()).map(LogLine::parse)
    }

    /// Number of lines kept and dropped together.
    pub fn line_count(&self) -> u64 {
        self.lines().count() as u64 + self.dropped.lines
    }
}

impl<'a> LogLine<'a> {
    /// Splits the kubelet's time off the line; a line without one keeps its whole text.
    pub fn parse(line: &'a str) -> Self {
        let Some((stamp, text)) = line.split_once(' ') else {
            return match DateTime::parse_from_rfc3339(line) {
                Ok(at) => Self { at: Some(at.to_utc()), text: "" },
                Err(_) => Self { at: None, text: line },
            };
        };
        match DateTime::parse_from_rfc3339(stamp) {
            Ok(at) => Self { at: Some(at.to_utc()), text },
            Err(_) => Self { at: None, text: line },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kubelets_time_is_split_off_and_a_line_without_one_stays_whole() {
        let line = LogLine::parse("2026-11-24T02:29:28.925996000Z ERROR no profile");
        assert_eq!(line.text, "ERROR no profile");
        assert_eq!(line.at.unwrap().to_rfc3339(), "2026-11-24T02:29:28.925996+00:00");
        assert_eq!(LogLine::parse("plain words"), LogLine { at: None, text: "plain words" });
    }
}
