//! Every `[[repository]]`.

use domain::{BranchName, Repository, RepositoryUrl};
use globset::Glob;

use super::github::GitHub;
use super::section::{At, Section};

pub(super) fn read(sections: Vec<Section<'_>>, github: Option<&GitHub>) -> Vec<Repository> {
    let mut listed: Vec<Repository> = Vec::new();
    for section in sections {
        let url = url(&section, github);
        let base = section.parsed::<BranchName>("base").map(|base| base.value);
        let paths = globs(&section);
        let labels = section.texts("labels").unwrap_or_default();
        if let Some(At { value: url, span }) = url {
            if listed.iter().any(|known| known.url.is_same_as(&url)) {
                section.problem(span, format!("{url} is listed twice"), "keep one entry");
            } else {
                let base = base.or_else(|| "main".parse().ok());
                let labels = labels.into_iter().map(|label| label.value).collect();
                listed.extend(base.map(|base| Repository { url, base, paths, labels }));
            }
        }
        section.finish();
    }
    listed
}

fn url(section: &Section<'_>, github: Option<&GitHub>) -> Option<At<RepositoryUrl>> {
    let Some(At { value: text, span }) = section.text("url") else {
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
    let texts = section.texts("paths").unwrap_or_default();
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
