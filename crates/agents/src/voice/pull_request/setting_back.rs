//! The pull request that sets single values of manifests back: which, from what to what, and what of their commit stays.

use domain::{CaseFile, Commit, Handoff, Marker, Patch, Suspect};

use super::TITLE;
use super::around::{self, Around};
use crate::fixer::values::{self, SetBack};
use crate::voice::markdown::code;
use crate::voice::plain::defused;

/// Files of the commit that are named among what stays.
const STAYING: usize = 5;
/// The longest value that a title repeats.
const IN_TITLE: usize = 40;

/// What such a body is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SettingBack<'a> {
    /// What was handed off.
    pub(crate) handoff: &'a Handoff,
    /// The case that the body cites.
    pub(crate) case: &'a CaseFile,
    /// Whose values are set back.
    pub(crate) suspect: &'a Suspect,
    /// The change.
    pub(crate) patch: &'a Patch,
}

/// `Set limits.memory back to 256Mi`, in at most 72 characters; it names no person, issue or page.
pub(crate) fn title(values: &[SetBack<'_>], suspect: &Suspect) -> String {
    let [only] = values else { return format!("Set back values that {} changed", suspect.sha.short()) };
    let name = defused(&name(only.path), IN_TITLE);
    let title = match (&only.value.before, &only.value.after) {
        (Some(before), Some(_)) if is_plain(before) => format!("Set {name} back to {before}"),
        (Some(_), None) => format!("Put {name} back"),
        (None, _) => format!("Take {name} out again"),
        (Some(_), Some(_)) => format!("Set {name} back"),
    };
    defused(&title, TITLE)
}

/// The body, Markdown, with the hidden marker at its end.
pub(crate) fn body(told: SettingBack<'_>) -> String {
    let SettingBack { handoff, case, suspect, patch } = told;
    let marker = Marker { incident: handoff.incident().clone(), suspect: suspect.sha.clone() };
    let own = [changes(told), around::flagged(patch), proof(told), alternatives(told)];
    Around { handoff, case }.body(own, None, &marker)
}

/// The name of the value as people call it: the variable, or the last two keys below the container.
fn name(path: &str) -> String {
    if let Some((_, variable)) = path.strip_suffix("].value").and_then(|path| path.rsplit_once("env[")) {
        return variable.to_owned();
    }
    let below = path.split_once("].").map_or(path, |(_, below)| below);
    let mut keys: Vec<&str> = below.rsplitn(3, '.').take(2).collect();
    keys.reverse();
    keys.join(".")
}

/// Whether a value can stand in a title as it is.
fn is_plain(value: &str) -> bool {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "._-/+%".contains(c);
    value.len() <= IN_TITLE && !value.is_empty() && value.chars().all(harmless)
}

fn changes(told: SettingBack<'_>) -> String {
    let SettingBack { case, suspect, patch, .. } = told;
    let values = values::set_back(case, suspect);
    let base = format!("on top of {} ({})", code(patch.base.as_str(), 100), patch.base_commit.short());
    let files = around::files(patch);
    let who = format!("{} {}", suspect.sha.short(), code(&suspect.subject, TITLE));
    let what = match values.as_slice() {
        [only] => {
            format!(
                "**What changes**: {}, as before {who}; {base}, and nothing else: {files}.",
                set_back(*only)
            )
        }
        several => {
            let lines: Vec<String> = several.iter().map(|value| format!("- {}", set_back(*value))).collect();
            format!(
                "**What changes**: values as before {who}, {base}, and nothing else: {files}.\n\n{}",
                lines.join("\n")
            )
        }
    };
    format!("{what}\n\n{}", rest(told))
}

/// One value, from what to what, and where.
fn set_back(one: SetBack<'_>) -> String {
    let place = code(&format!("{}:{}", one.file, one.value.line), 160);
    let path = code(one.path, 120);
    let value = |text: &Option<String>| text.as_deref().map(|text| code(text, 80));
    match (value(&one.value.before), value(&one.value.after)) {
        (Some(before), Some(after)) => format!("{path} is {before} again instead of {after} ({place})"),
        (Some(before), None) => format!("{path} is there again as {before} (after {place})"),
        (None, Some(after)) => format!("{path} is taken out again, which was {after} ({place})"),
        (None, None) => format!("{path} is as it was ({place})"),
    }
}

/// What of the suspect stays.
fn rest(told: SettingBack<'_>) -> String {
    let SettingBack { case, suspect, patch, .. } = told;
    let sha = suspect.sha.short();
    let Some(commit) = values::commit(case, suspect) else {
        return format!("The rest of {sha} stays.");
    };
    let (also, mut others) = (also_changed(commit, patch), other_files(commit, patch));
    let more = others.len().saturating_sub(STAYING) as u64 + commit.files_left_out;
    others.truncate(STAYING);
    match more {
        0 => {}
        1 => others.push("one more file".to_owned()),
        more => others.push(format!("{more} more files")),
    }
    let parts: Vec<String> = [("its other changes in", also), ("its changes in", others)]
        .into_iter()
        .filter(|(_, files)| !files.is_empty())
        .map(|(what, files)| format!("{what} {}", files.join(", ")))
        .collect();
    match parts.as_slice() {
        [] => format!("{sha} changed nothing else."),
        parts => format!("The rest of {sha} stays: {}.", parts.join("; ")),
    }
}

/// Files of the patch in which the suspect changed more lines than are set back.
fn also_changed(commit: &Commit, patch: &Patch) -> Vec<String> {
    let more = |path: &str, lines: u64| {
        let file = commit.files.iter().find(|file| file.path == path);
        file.is_some_and(|file| u64::from(file.added) + u64::from(file.removed) > lines)
    };
    let files = patch.files.iter();
    files
        .filter(|file| more(&file.path, u64::from(file.added) + u64::from(file.removed)))
        .map(|file| code(&file.path, 160))
        .collect()
}

/// The suspect's other files.
fn other_files(commit: &Commit, patch: &Patch) -> Vec<String> {
    let is_patched = |path: &str| patch.files.iter().any(|file| file.path == path);
    commit.files.iter().filter(|file| !is_patched(&file.path)).map(|file| code(&file.path, 160)).collect()
}

fn proof(told: SettingBack<'_>) -> String {
    let base = code(told.patch.base.as_str(), 100);
    format!(
        "**Proof**: none yet. Nothing was built or run. Checked without running it: {base} still had what {} made of it, no other \
         value of the file differs now, it parses where it did before, and only paths that a patch may touch are touched. Not shown: \
         that the canary is healthy with it. Let CI say so before you mark it ready.",
        told.suspect.sha.short(),
    )
}

fn alternatives(told: SettingBack<'_>) -> String {
    let SettingBack { handoff, case, suspect, patch } = told;
    let sha = suspect.sha.short();
    let mut lines = vec!["**Turned down**\n".to_owned()];
    let commit = values::commit(case, suspect);
    if commit.is_none_or(|commit| {
        !other_files(commit, patch).is_empty() || !also_changed(commit, patch).is_empty()
    }) {
        lines.push(format!(
            "- Reverting all of {sha}: the rest of it is not what failed, as far as the case shows."
        ));
    }
    lines.push(
        "- Another value than before: what the service needs is not known; stable runs with this one."
            .to_owned(),
    );
    let others: Vec<String> = handoff
        .verdict()
        .suspects
        .iter()
        .filter(|other| other.sha != suspect.sha)
        .take(STAYING)
        .map(|other| {
            format!("- {} {}: it did not make that change", other.sha.short(), code(&other.subject, TITLE))
        })
        .collect();
    lines.extend(others);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use domain::{ChangedValue, Grounds};

    use super::*;

    fn titled(path: &str, before: Option<&str>, after: Option<&str>) -> String {
        let [before, after] = [before, after].map(|value| value.map(str::to_owned));
        let value = ChangedValue { line: 7, own_line: 7, key: path.to_owned(), before, after };
        let one = SetBack { path, file: "deploy/rollout.yaml", value: &value };
        let suspect = Suspect {
            sha: "4f2c9d1a0b1c2d3e4f5061728394a5b6c7d8e9f0".parse().unwrap(),
            subject: String::new(),
            score: 45,
            reasons: vec![],
            grounds: Grounds::SpecChange,
            files: vec![],
        };
        title(&[one], &suspect)
    }

    #[test]
    fn a_title_names_the_value_as_people_call_it_and_repeats_only_what_is_plain() {
        let memory = "containers[users].resources.limits.memory";
        let variable = "containers[users].env[PAYMENT_URL].value";
        assert_eq!(titled(memory, Some("256Mi"), Some("64Mi")), "Set limits.memory back to 256Mi");
        assert_eq!(titled(variable, Some("http://a:1"), Some("b")), "Set PAYMENT_URL back");
        assert_eq!(titled(variable, Some("x"), None), "Put PAYMENT_URL back");
        assert_eq!(titled(variable, None, Some("x")), "Take PAYMENT_URL out again");
        assert_eq!(titled("containers[users].image", Some("a:1"), Some("a:2")), "Set image back");
        assert_eq!(titled("env[@octocat #12].value", Some("fixes #12"), Some("x")), "Set octocat 12 back");
    }
}
