//! `[cluster]`.

use domain::{Annotate, ClusterId, Namespace};
use url::Url;

use super::key::{Key, at_start, live};
use super::section::Section;

const NAMESPACES: Key =
    at_start("namespaces", "What is watched: `[\"*\"]` for all namespaces, or names.").or("all");
const PROMETHEUS: Key =
    at_start("prometheus", "The only Prometheus that is ever queried, whatever an AnalysisTemplate says.")
        .or("none is asked");
const NAME: Key = at_start("name", "What tells this cluster from others.").or("the UID of `kube-system`");
const ANNOTATE: Key = live(
    "annotate",
    "`true`: the verdict also goes into the annotation `rollmend.dev/verdict` of the Rollout. Needs `deploy/rbac-annotate.yaml`.",
)
.or("`false`");

/// What is watched, and the Prometheus that is asked.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    /// `namespaces`; `None` is all of them.
    pub(crate) namespaces: Option<Vec<Namespace>>,
    /// `prometheus`: the only one that is ever queried.
    pub(crate) prometheus: Option<Url>,
    /// `name`; the UID of `kube-system` when absent.
    pub(crate) name: Option<ClusterId>,
    /// `annotate`.
    pub(crate) annotate: Annotate,
}

pub(super) fn read(section: Section<'_>) -> Cluster {
    let cluster = Cluster {
        namespaces: namespaces(&section),
        prometheus: prometheus(&section),
        name: section.parsed(NAME, "name").map(|name| name.value),
        annotate: match section.truth(ANNOTATE) {
            Some(true) => Annotate::Yes,
            Some(false) | None => Annotate::No,
        },
    };
    section.finish();
    cluster
}

fn namespaces(section: &Section<'_>) -> Option<Vec<Namespace>> {
    let texts = section.texts(NAMESPACES)?;
    if texts.is_empty() {
        let what = "[cluster] namespaces is empty: nothing would be watched";
        section.problem(section.span(), what, "write [\"*\"] for all, or names");
    }
    if texts.iter().any(|text| text.value == "*") {
        if let Some(text) = texts.iter().find(|text| text.value != "*") {
            let what = "[cluster] namespaces has both \"*\" and a name";
            section.problem(text.span.clone(), what, "write [\"*\"] for all, or names alone");
        }
        return None;
    }
    let names = texts.into_iter().filter_map(|text| match text.value.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            section.problem(text.span, format!("[cluster] namespaces: failed to {error}"), "");
            None
        }
    });
    Some(names.collect())
}

fn prometheus(section: &Section<'_>) -> Option<Url> {
    let url = section.parsed::<Url>(PROMETHEUS, "URL")?;
    if matches!(url.value.scheme(), "http" | "https")
        && url.value.has_host()
        && url.value.username().is_empty()
    {
        return Some(url.value);
    }
    let what = format!("[cluster] prometheus is \"{}\"", url.value);
    section.problem(url.span, what, "write http:// or https:// and the host, without credentials");
    None
}
