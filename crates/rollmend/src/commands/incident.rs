//! The incident that a person means.

use agents::voice::plain::plain;
use domain::workflow::Run;
use miette::miette;

/// By id, by the beginning of one, or by `namespace/rollout` for its latest; `runs` are the last changed first.
pub(super) fn find<'a>(runs: &'a [Run], wanted: &str) -> miette::Result<&'a Run> {
    let named = |run: &&Run| run.id.as_str() == wanted || run.identity.rollout.to_string() == wanted;
    if let Some(run) = runs.iter().find(named) {
        return Ok(run);
    }
    let begun: Vec<&Run> = runs.iter().filter(|run| run.id.as_str().starts_with(wanted)).collect();
    match begun.as_slice() {
        [run] => Ok(run),
        [] => Err(miette!(
            help = "`rollmend incidents` lists them",
            "there is no incident {}",
            plain(wanted, 200)
        )),
        many => {
            let ids: Vec<&str> = many.iter().map(|run| run.id.as_str()).collect();
            Err(miette!("{} could be {}", plain(wanted, 200), ids.join(", ")))
        }
    }
}
