//! Every `[[repository]]`.

use domain::{BranchName, Repository, RepositoryUrl};
use globset::Glob;

use super::github::GitHub;
use super::key::{Key, live};
use super::section::{At, Section};

const URL: Key = live(
    "url",
    "The repository. One that is taken off the list is neither read nor pushed to any more, also for open incidents.",
)
.or("needed");
const BASE: Key = live("base", "The branch that pull requests go to.");
const PATHS: Key = live(
    "paths",
    "What a patch may touch, as globs. Workflows, actions, CODEOWNERS and the configuration of Renovate and Dependabot are refused in any case.",
)
.or("everything else");
const LABELS: Key = live("labels", "Labels that a pull request gets.").or("none");

pub(super) fn read(sections: Vec<Section<'_>>, github: Option<&GitHub>) -> Vec<Repository> {
    let mut listed: Vec<Repository> = Vec::new();
    for section in sections {
        let url = url(&section, github);
        let base = base(&section);
        let paths = globs(&section);
        let labels = section.texts(LABELS).unwrap_or_default();
        if let Some(At { value: url, span }) = url {
            if listed.iter().any(|known| known.url.is_same_as(&url)) {
                section.problem(span, format!("{url} is listed twice"), "keep one entry");
            } else {
                let labels = labels.into_iter().map(|label| label.value).collect();
                listed.extend(base.map(|base| Repository { url, base, paths, labels }));
            }
        }
        section.finish();
    }
    listed
}

fn base(section: &Section<'_>) -> Option<BranchName> {
    let main = "main".parse().ok()?;
    Some(section.parsed_or(BASE, "branch", main).value)
}

fn url(section: &Section<'_>, github: Option<&GitHub>) -> Option<At<RepositoryUrl>> {
    let Some(At { value: text, span }) = section.text_of(URL, "`https://host/owner/name`") else {
        section.problem(
            section.span(),
            "[[repository]] has no url",
            "add url = \"https://github.com/owner/name\"",
        );
        return None;
    };
    let url = match RepositoryUrl::parse(&text) {
        Ok(url) => url,
        Err(error) => {
            section.problem(span, format!("failed to {error}"), "write https://host/owner/name");
            return None;
        }
    };
    let origin = github.map_or_else(|| url.origin().to_owned(), GitHub::web_origin);
    if url.origin() != origin {
        let what = format!("{url} does not belong to [github] api, whose repositories are at {origin}");
        section.problem(
            span,
            what,
            "a token goes to its own host only: name a repository there, or another api",
        );
        return None;
    }
    Some(At { value: url, span })
}

fn globs(section: &Section<'_>) -> Vec<String> {
    let texts = section.texts(PATHS).unwrap_or_default();
    let valid = texts.into_iter().filter_map(|text| match Glob::new(&text.value) {
        Ok(_) => Some(text.value),
        Err(error) => {
            section.problem(
                text.span,
                format!("[[repository]] paths: {error}"),
                "write globs such as \"src/**\"",
            );
            None
        }
    });
    valid.collect()
}
