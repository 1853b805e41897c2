//! A verdict on a terminal: plain lines, no colour.

use domain::{AnalystKind, Claim, Verdict};

use super::judged::{cost_of, judged};
use super::plain::plain;

/// The lines of a verdict, at most `width` characters each (at least 40 are assumed): cause, story, evidence, what was ruled out, who judged
/// where a model was asked, next.
pub fn verdict_lines(verdict: &Verdict, width: usize) -> Vec<String> {
    let width = width.max(40);
    let mut lines =
        vec![format!("{}, confidence {}", verdict.category, verdict.confidence.get()), String::new()];
    lines.extend(wrapped(&verdict.root_cause, width, "  ", "  "));
    if !verdict.claims.is_empty() {
        lines.push(String::new());
    }
    lines.extend(verdict.claims.iter().flat_map(|claim| evidence(claim, width)));
    if !verdict.ruled_out.is_empty() {
        lines.push(String::new());
        let out: Vec<String> =
            verdict.ruled_out.iter().map(|claim| format!("{} ({})", claim.text, claim.exhibit)).collect();
        lines.extend(wrapped(&format!("Not the cause: {}.", out.join("; ")), width, "  ", "  "));
    }
    if let Some((_, unknown)) = verdict.analysis.rsplit_once(" Not known: ") {
        lines.extend(wrapped(&format!("Not known: {unknown}"), width, "  ", "  "));
    }
    if let Some(judge) = judge(verdict) {
        lines.extend(wrapped(&judge, width, "  ", "  "));
    }
    lines.extend(wrapped(&format!("Next: {}", verdict.remediation), width, "  ", "  "));
    lines
}

/// Who judged and what it cost, where a model was asked.
fn judge(verdict: &Verdict) -> Option<String> {
    let cost = cost_of(&verdict.analyst);
    let cost = if cost.micro_usd == 0 { String::new() } else { format!(", {cost}") };
    match &verdict.analyst {
        AnalystKind::Rules => None,
        asked => Some(format!("Judged {}{cost}.", judged(asked))),
    }
}

fn evidence(claim: &Claim, width: usize) -> Vec<String> {
    let figures = match (claim.canary.as_str(), claim.stable.as_str()) {
        ("", "") => String::new(),
        (canary, "") => format!(" · canary {canary}"),
        ("", stable) => format!(" · stable {stable}"),
        (canary, stable) => format!(" · canary {canary}, stable {stable}"),
    };
    let head = format!("  {:<4}", claim.exhibit.to_string());
    let mut lines = wrapped(&format!("{}{figures}", claim.text), width, &head, "      ");
    if let Some(quote) = &claim.quote {
        lines.push(format!("      │ {}", plain(quote, width.saturating_sub(8))));
    }
    lines
}

/// Words in lines of at most `width` characters; a single longer word keeps a line of its own.
fn wrapped(text: &str, width: usize, first: &str, rest: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in plain(text, usize::MAX).split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, rest.to_owned()));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_at_the_width_and_a_long_one_stands_alone() {
        assert_eq!(wrapped("aa bb cccccccccc d", 7, "> ", "  "), ["> aa bb", "  cccccccccc", "  d"]);
    }
}
