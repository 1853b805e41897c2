//! The part of a log that a call asks for.

use domain::{ExhibitId, Incarnation, LogExcerpt, ToolFailure, ToolOutput};

use super::{Wanted, told};
use crate::tools::numbered::{Kept, Numbered, numbered};
use crate::tools::sheet::{Fit, LINE, Room, shown};

/// Lines of one call unless it says otherwise.
const LINES: u32 = 200;
/// Lines around one unless the call says otherwise.
const AROUND: u32 = 41;
/// Most lines of one call.
const MOST: u32 = 1_000;
/// How much of a line is given where it is the only one wanted, in characters.
const ONE_LINE: usize = 10_000;
/// The longest text that is searched for, in characters.
const LONGEST_SEARCH: usize = 200;

/// Where a log came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whence {
    /// An exhibit.
    Case(ExhibitId),
    /// The cluster, just now.
    Live,
}

/// A log and what is wanted of it, checked.
pub(super) struct View<'a> {
    wanted: &'a Wanted,
    log: &'a LogExcerpt,
    whence: Whence,
    kept: Kept,
    first: u64,
    most: usize,
}

impl<'a> View<'a> {
    pub(super) fn new(wanted: &'a Wanted, log: &'a LogExcerpt, whence: Whence) -> Result<Self, ToolFailure> {
        let kept = Kept::of(log);
        let default = if wanted.around.is_some() { AROUND } else { LINES };
        let most = wanted.lines.unwrap_or(default);
        if !(1..=MOST).contains(&most) {
            return Err(told(format!("lines is from 1 to {MOST}")));
        }
        if let Some(text) = &wanted.contains
            && !(1..=LONGEST_SEARCH).contains(&text.chars().count())
        {
            return Err(told(format!("contains has 1 to {LONGEST_SEARCH} characters")));
        }
        let first = first(wanted, kept, most)?;
        Ok(Self { wanted, log, whence, kept, first, most: most as usize })
    }

    /// The text, and the call that gives what comes next.
    pub(super) fn give(&self) -> ToolOutput {
        let mut room = Room::default();
        room.take(&shown(&self.heading(), LINE));
        let lines: Vec<Numbered<'_>> = numbered(self.log).filter(|line| self.is_wanted(line)).collect();
        if let Some(text) = &self.wanted.contains {
            let kept = self.kept.head + self.kept.tail;
            room.take(&shown(&format!("{} of the {kept} kept lines contain {text:?}", lines.len()), LINE));
        }
        let mut before = None;
        let mut ahead = lines.iter().filter(|line| line.number >= self.first).enumerate();
        let next = ahead.find_map(|(given, line)| {
            if given == self.most {
                return Some(line.number);
            }
            self.mark_gap(before.replace(line.number), line.number, &mut room);
            (room.take(&self.row(line)) == Fit::Full).then_some(line.number)
        });
        ToolOutput { text: room.into_text(), rest: next.map(|line| self.rest(line)) }
    }

    fn is_wanted(&self, line: &Numbered<'_>) -> bool {
        let holds = |text: &String| line.line.text.to_lowercase().contains(&text.to_lowercase());
        self.wanted.contains.as_ref().is_none_or(holds)
    }

    fn heading(&self) -> String {
        let LogExcerpt { pod, container, side, .. } = self.log;
        let run = match self.log.which {
            Incarnation::Current => "",
            Incarnation::Previous => ", the run before its last restart",
        };
        let whence = match self.whence {
            Whence::Case(id) => id.to_string(),
            Whence::Live => "LIVE, read just now, not part of the case: cannot be cited".to_owned(),
        };
        let all = self.kept.all();
        let kept = match self.kept.gap() {
            Some((first, last)) => {
                let bytes = self.log.dropped.bytes;
                format!(
                    "{all} lines; {first} to {last} were not kept ({} lines; {bytes} bytes in all)",
                    self.kept.dropped
                )
            }
            None if self.log.dropped.bytes > 0 => {
                format!("all {all} lines are kept, without {} bytes of overlong ones", self.log.dropped.bytes)
            }
            None => format!("all {all} lines are kept"),
        };
        format!("{whence}: log of {side} pod {pod}, container {container}{run}; {kept}; times are UTC")
    }

    /// Says between two lines that there are others that nobody has; what a search passes over is no gap.
    fn mark_gap(&self, before: Option<u64>, number: u64, room: &mut Room) {
        if let (Some(before), Some((first, last)), None) = (before, self.kept.gap(), &self.wanted.contains)
            && before < first
            && number > last
        {
            room.take(&format!("(lines {first} to {last} were not kept)"));
        }
    }

    fn row(&self, line: &Numbered<'_>) -> String {
        let longest = if self.most == 1 { ONE_LINE } else { LINE };
        let time = line.line.at.map(|at| at.format(" %H:%M:%S%.3f").to_string()).unwrap_or_default();
        format!("{}{time}| {}", line.number, shown(line.line.text, longest))
    }

    fn rest(&self, next: u64) -> String {
        let call = Wanted { from_line: Some(next), around: None, ..self.wanted.clone() };
        let call = serde_json::to_string(&call).unwrap_or_default();
        format!("lines from {next} on: call pod_logs {}", shown(&call, LINE))
    }
}

/// The number of the first line to be given.
fn first(wanted: &Wanted, kept: Kept, most: u32) -> Result<u64, ToolFailure> {
    let (number, first) = match (wanted.from_line, wanted.around) {
        (Some(_), Some(_)) => return Err(told("give either from_line or around")),
        (None, None) => return Ok(1),
        (None, Some(_)) if wanted.contains.is_some() => {
            return Err(told(
                "give either contains or around: search first, then read around a line that was found",
            ));
        }
        (None, Some(line)) => (line, line.saturating_sub(u64::from(most / 2)).max(1)),
        (Some(line), None) => (line, line),
    };
    if number == 0 || number > kept.all().max(1) {
        return Err(told(format!("there is no line {number}; the log has {} lines, from 1", kept.all())));
    }
    if let Some((from, to)) = kept.gap()
        && wanted.around.is_some()
        && (from..=to).contains(&number)
    {
        return Err(told(format!("line {number} was not kept: lines {from} to {to} are missing")));
    }
    Ok(first)
}
