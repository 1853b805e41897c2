//! Which commit made a difference of the two pod templates, found in the repository's manifests.
//!
//! A place counts where its keys are those of the difference and its value went from stable's to the canary's exactly. Whether
//! the difference explains anything is not asked here.

mod wanted;

use domain::{Ancestry, Commit, CommitRange, Grounds, PodFinding, PodProblem, SpecChange, SuspectReason};

use super::harmless::is_harmless_path;
use super::{Accusation, score};
use crate::excerpt;
use wanted::{Fit, Wanted};

/// A place in a manifest at which a commit made the difference.
struct Found<'a> {
    commit: &'a Commit,
    file: &'a str,
    line: u32,
    fit: Fit,
}

/// What the differences say of each commit. An image that changed is the new version itself, which is expected: it is looked for
/// only where it cannot be pulled.
pub(super) fn accusations<'a>(
    range: &'a CommitRange,
    changes: &[SpecChange],
    pods: &[PodFinding],
) -> Vec<Accusation<'a>> {
    let pulls = |pod: &&PodFinding| pod.problem == PodProblem::ImagePull && pod.canary_pods > 0;
    let mut found = Vec::new();
    for change in changes {
        let Some(wanted) = Wanted::of(change) else { continue };
        if wanted.is_image() && !pods.iter().filter(pulls).any(|pod| wanted.is_of(&pod.container)) {
            continue;
        }
        found.extend(of_change(range, change, &wanted));
    }
    found
}

fn of_change<'a>(range: &'a CommitRange, change: &SpecChange, wanted: &Wanted) -> Vec<Accusation<'a>> {
    let mut places: Vec<Found<'a>> =
        range.commits.iter().flat_map(|commit| of_commit(commit, wanted)).collect();
    // Where a manifest names the container, a value that could be anybody's is somebody else's.
    let best = places.iter().map(|place| place.fit).max();
    places.retain(|place| Some(place.fit) == best);
    let all = if is_whole(range) { u32::try_from(places.len()).unwrap_or(u32::MAX) } else { 0 };
    places
        .into_iter()
        .map(|place| Accusation {
            commit: place.commit,
            reason: SuspectReason::SpecInLines {
                file: excerpt::bounded(place.file, 200),
                line: place.line,
                path: change.path.clone(),
                exhibit: change.exhibit,
                places: all,
            },
            score: score::VALUE_IN_LINES,
            grounds: Grounds::Weak,
        })
        .collect()
}

fn of_commit<'a>(commit: &'a Commit, wanted: &Wanted) -> Vec<Found<'a>> {
    let files = commit.files.iter().filter(|file| !is_harmless_path(&file.path));
    files
        .flat_map(|file| file.values.iter().map(move |value| (file, value)))
        .filter_map(|(file, value)| {
            let fit = wanted.fit(value)?;
            Some(Found { commit, file: &file.path, line: value.line, fit })
        })
        .collect()
}

/// Whether every value that a commit of the range may have changed in a manifest is known, and the canary has them all.
fn is_whole(range: &CommitRange) -> bool {
    let files = || range.commits.iter().flat_map(|commit| &commit.files);
    range.ancestry == Ancestry::Descendant
        && range.left_out == 0
        && range.commits.iter().all(|commit| commit.files_left_out == 0)
        && files().all(|file| file.values_left_out == 0 || is_harmless_path(&file.path))
}
