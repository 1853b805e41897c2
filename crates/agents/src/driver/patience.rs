//! How often a model may go wrong, and how often it may ask the same.

use std::collections::{BTreeMap, BTreeSet};

use domain::ToolAccess;
use serde::{Deserialize, Serialize};

use super::stopped::Why;

/// How a model can go wrong in a turn. It is told, a limited number of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Misdeed {
    Silent,
    Text,
    Cut,
    Unreadable,
    UnknownTool,
    Arguments,
    WrongAnswer,
}

impl Misdeed {
    fn why(self) -> Why {
        match self {
            Self::Silent => Why::Silent,
            Self::Text => Why::Text,
            Self::Cut => Why::Cut,
            Self::Unreadable => Why::Unreadable,
            Self::UnknownTool => Why::UnknownTool,
            Self::Arguments => Why::Arguments,
            Self::WrongAnswer => Why::WrongAnswer,
        }
    }
}

/// What a model did wrong so far, and what it asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Patience {
    misdeeds: BTreeMap<Misdeed, u32>,
    /// How often each reading call was made since the last change, by the digest of its name and arguments.
    reads: BTreeMap<String, u32>,
    /// The same for changing calls, since the beginning.
    changes: BTreeMap<String, u32>,
}

impl Patience {
    /// Counts a turn's misdeeds; more of one kind than `most` end the run. A turn without any starts anew, but for wrong answers.
    pub(super) fn after(&mut self, misdeeds: &BTreeSet<Misdeed>, most: u32) -> Result<(), Why> {
        if misdeeds.is_empty() {
            self.misdeeds.retain(|kind, _| *kind == Misdeed::WrongAnswer);
        }
        for kind in misdeeds {
            let count = self.misdeeds.entry(*kind).or_default();
            *count += 1;
            if *count > most {
                return Err(kind.why());
            }
        }
        Ok(())
    }

    /// How often a call was made before; more often than `most` ends the run.
    pub(super) fn again(&mut self, access: ToolAccess, call: &str, most: u32) -> Result<u32, Why> {
        let calls = match access {
            ToolAccess::ReadOnly => &mut self.reads,
            ToolAccess::Changes => &mut self.changes,
        };
        let count = calls.entry(call.to_owned()).or_default();
        let before = *count;
        *count += 1;
        if *count > most { Err(Why::SameCall) } else { Ok(before) }
    }

    /// Something changed: what was read may read differently now.
    pub(super) fn changed(&mut self) {
        self.reads.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_misdeed_is_told_so_often_and_ends_the_run_then() {
        let mut patience = Patience::default();
        let text = BTreeSet::from([Misdeed::Text]);
        let both = BTreeSet::from([Misdeed::Text, Misdeed::UnknownTool]);
        assert!(patience.after(&text, 2).is_ok());
        assert!(patience.after(&both, 2).is_ok());
        assert!(matches!(patience.after(&text, 2), Err(Why::Text)));
    }

    #[test]
    fn a_sound_turn_forgives_all_but_wrong_answers() {
        let mut patience = Patience::default();
        let all = BTreeSet::from([Misdeed::Cut, Misdeed::WrongAnswer]);
        assert!(patience.after(&all, 1).is_ok());
        assert!(patience.after(&BTreeSet::new(), 1).is_ok());
        assert!(patience.after(&BTreeSet::from([Misdeed::Cut]), 1).is_ok());
        assert!(matches!(patience.after(&BTreeSet::from([Misdeed::WrongAnswer]), 1), Err(Why::WrongAnswer)));
    }

    #[test]
    fn the_same_call_is_answered_so_often_unless_something_changed() {
        let mut patience = Patience::default();
        let read = ToolAccess::ReadOnly;
        assert_eq!(patience.again(read, "a", 2).unwrap(), 0);
        assert_eq!(patience.again(read, "a", 2).unwrap(), 1);
        assert_eq!(patience.again(ToolAccess::Changes, "b", 1).unwrap(), 0);
        patience.changed();
        assert_eq!(patience.again(read, "a", 1).unwrap(), 0);
        assert!(matches!(patience.again(read, "a", 1), Err(Why::SameCall)));
        assert!(matches!(patience.again(ToolAccess::Changes, "b", 1), Err(Why::SameCall)));
    }
}
