//! What is proposed.

use domain::{Patch, PatchKind};

use crate::commit::differing;
use crate::mind::Mind;
use crate::remains::Remains;
use crate::scenario::{ExpectedPatch, Scenario};
use crate::score::Finding;

/// As many pull requests as the scenario leads to: one or none.
pub(super) fn pull_requests(scenario: &Scenario, remains: &Remains, _: &Mind) -> Finding {
    let wanted = usize::from(scenario.patch.is_some());
    match remains.pull_requests.len() {
        number if number == wanted => Finding::Right,
        number => Finding::Wrong(format!("{number}, not {wanted}")),
    }
}

/// The pull request's tree is the one that the scenario wants, to the byte. What a model wrote itself is held to less: it touches only
/// files that the commit to blame had changed. That is a place, and no proof that it mends.
pub(super) fn patch(scenario: &Scenario, remains: &Remains, _: &Mind) -> Finding {
    let Some(wanted) = &scenario.patch else { return Finding::NotAsked };
    let Some(pull_request) = remains.pull_requests.first() else {
        return Finding::Wrong("there is no pull request".to_owned());
    };
    let Some(patch) = remains.patch() else {
        return Finding::Wrong("the incident's history has no patch".to_owned());
    };
    if patch.kind == PatchKind::Edits {
        return place(patch, remains);
    }
    let others = differing(&wanted.tree, &pull_request.tree);
    if !others.is_empty() {
        return Finding::Wrong(format!("not the tree that is wanted: {}", others.join(", ")));
    }
    kind(wanted, patch)
}

/// How a patch came about, in a word.
pub(crate) fn kind_words(kind: PatchKind) -> &'static str {
    match kind {
        PatchKind::Revert => "revert",
        PatchKind::RevertedHunks => "hunks",
        PatchKind::Edits => "edits",
    }
}

fn kind(wanted: &ExpectedPatch, patch: &Patch) -> Finding {
    if patch.kind == wanted.kind {
        return Finding::Right;
    }
    let (is, wanted) = (kind_words(patch.kind), kind_words(wanted.kind));
    Finding::Wrong(format!("the right tree, told as {is}, not as {wanted}"))
}

fn place(patch: &Patch, remains: &Remains) -> Finding {
    let culprit = remains.commit(&patch.reverts);
    let changed = culprit.map(|commit| commit.files.as_slice()).unwrap_or_default();
    let paths = patch.files.iter().map(|file| &file.path);
    let elsewhere: Vec<&str> = paths.filter(|path| !changed.contains(path)).map(String::as_str).collect();
    if elsewhere.is_empty() {
        Finding::Right
    } else {
        Finding::Wrong(format!("edits that the commit to blame has no part in: {}", elsewhere.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    fn wrong(words: &str) -> Finding {
        Finding::Wrong(words.to_owned())
    }

    #[test]
    fn one_pull_request_or_none_is_wanted() {
        let (mut scenario, mut remains) = made_up::mended();
        assert_eq!(pull_requests(&scenario, &remains, &Mind::Rules), Finding::Right);
        scenario.patch = None;
        assert_eq!(pull_requests(&scenario, &remains, &Mind::Rules), wrong("1, not 0"));
        assert_eq!(patch(&scenario, &remains, &Mind::Rules), Finding::NotAsked);
        let (scenario, _) = made_up::mended();
        remains.pull_requests.extend(remains.pull_requests.clone());
        assert_eq!(pull_requests(&scenario, &remains, &Mind::Rules), wrong("2, not 1"));
        remains.pull_requests.clear();
        assert_eq!(pull_requests(&scenario, &remains, &Mind::Rules), wrong("0, not 1"));
        assert_eq!(patch(&scenario, &remains, &Mind::Rules), wrong("there is no pull request"));
    }

    #[test]
    fn another_tree_is_wrong_by_a_byte_a_file_too_much_and_a_file_too_few() {
        type Change = fn(&mut crate::Tree);
        let (scenario, remains) = made_up::mended();
        assert_eq!(patch(&scenario, &remains, &Mind::Rules), Finding::Right);
        let changes: [(&str, Change); 3] = [
            ("src/prices.rs", |tree| tree.get_mut("src/prices.rs").unwrap().push(b'\n')),
            ("LICENSE", |tree| drop(tree.insert("LICENSE".to_owned(), Vec::new()))),
            ("README.md", |tree| drop(tree.remove("README.md"))),
        ];
        for (path, change) in changes {
            let mut other = remains.clone();
            change(&mut other.pull_requests[0].tree);
            let words = format!("not the tree that is wanted: {path}");
            assert_eq!(patch(&scenario, &other, &Mind::Rules), Finding::Wrong(words));
        }
    }

    #[test]
    fn a_patch_is_told_as_what_it_is() {
        let (scenario, remains) = made_up::mended();
        let hunks = made_up::with_patch(&remains, |patch| patch.kind = PatchKind::RevertedHunks);
        assert_eq!(
            patch(&scenario, &hunks, &Mind::Rules),
            wrong("the right tree, told as hunks, not as revert")
        );
    }

    #[test]
    fn a_models_edits_are_held_to_the_files_of_the_commit_to_blame() {
        let (scenario, remains) = made_up::mended();
        let mut edits = made_up::with_patch(&remains, |patch| patch.kind = PatchKind::Edits);
        edits.pull_requests[0].tree.insert("src/prices.rs".to_owned(), b"another way".to_vec());
        assert_eq!(patch(&scenario, &edits, &made_up::model()), Finding::Right);
        let elsewhere = made_up::with_patch(&edits, |patch| patch.files[0].path = "src/taxes.rs".to_owned());
        assert_eq!(
            patch(&scenario, &elsewhere, &made_up::model()),
            wrong("edits that the commit to blame has no part in: src/taxes.rs")
        );
    }
}
