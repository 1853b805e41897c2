//! What a manifest's value must be to have made a difference of the two pod templates.

use domain::{ChangedValue, SpecChange};
use serde_json::Value;

/// Keys under which charts and kustomizations keep an image's tag or digest.
const TAGS: [&str; 5] = ["tag", "newTag", "imageTag", "digest", "appVersion"];

/// How well a manifest's keys are those of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// They are the end of it, as values of a chart are: whose they are is not said.
    Loose,
    /// They are all of it, the container's name included.
    Exact,
}

/// A difference, taken apart.
#[derive(Debug)]
pub(super) struct Wanted {
    /// All of its keys.
    path: String,
    /// The container's name, where it is one's.
    container: Option<String>,
    /// The keys below the container.
    tail: String,
    stable: Option<Value>,
    canary: Option<Value>,
}

impl Wanted {
    /// `None` where no single value of a manifest can have made it: labels and annotations, whole lists that came or went, and what
    /// was cut.
    pub(super) fn of(change: &SpecChange) -> Option<Self> {
        if change.path.starts_with("metadata.") {
            return None;
        }
        let (mut path, mut stable, mut canary) =
            (change.path.clone(), read(&change.stable)?, read(&change.canary)?);
        while let (Some(old), Some(new)) = (&stable, &canary) {
            let Some((below, old, new)) = only_difference(old, new) else { break };
            path.push_str(&below);
            (stable, canary) = (old, new);
        }
        let is_single = |side: &Option<Value>| !matches!(side, Some(Value::Array(_) | Value::Object(_)));
        if !is_single(&stable) || !is_single(&canary) {
            return None;
        }
        let list = path.strip_prefix("containers[").or_else(|| path.strip_prefix("initContainers["));
        let (container, tail) = match list.and_then(|rest| rest.split_once("].")) {
            Some((name, tail)) => (Some(name.to_owned()), tail.to_owned()),
            None => (None, path.clone()),
        };
        Some(Self { path, container, tail, stable, canary })
    }

    /// Whether it is a container's image.
    pub(super) fn is_image(&self) -> bool {
        self.container.is_some() && self.tail == "image"
    }

    /// Whether it is of this container.
    pub(super) fn is_of(&self, container: &str) -> bool {
        self.container.as_deref() == Some(container)
    }

    /// How well a changed value fits; `None` where it did not make the difference.
    pub(super) fn fit(&self, value: &ChangedValue) -> Option<Fit> {
        let key = value.key.as_str();
        let went = |stable: Option<&Value>, canary: Option<&Value>| {
            self.is(stable, value.before.as_deref()) && self.is(canary, value.after.as_deref())
        };
        let is_whole_value = went(self.stable.as_ref(), self.canary.as_ref());
        if ends_with(key, &self.path) {
            return is_whole_value.then_some(Fit::Exact);
        }
        // A manifest that names containers names this one, or means another.
        if self.container.is_none() || key.contains("ontainers[") {
            return None;
        }
        let fits = if self.is_image() {
            (ends_with(key, "image") && is_whole_value) || self.is_tag(value)
        } else if let Some(variable) = self.variable() {
            is_whole_value && is_variable(key, variable)
        } else {
            is_whole_value && self.tail.contains('.') && ends_with(key, &self.tail)
        };
        fits.then_some(Fit::Loose)
    }

    /// `FEATURE_X` of `env[FEATURE_X].value`.
    fn variable(&self) -> Option<&str> {
        self.tail.strip_prefix("env[")?.strip_suffix("].value")
    }

    /// Whether it is the image's tag or digest alone; where it stands in a list of images, that of this one.
    fn is_tag(&self, value: &ChangedValue) -> bool {
        let key = value.key.as_str();
        let (Some(stable), Some(canary)) = (parts(self.stable.as_ref()), parts(self.canary.as_ref())) else {
            return false;
        };
        let of_this = match key.split_once("images[").and_then(|(_, rest)| rest.split_once("].")) {
            Some((name, _)) => canary.0 == name || last(canary.0) == last(name),
            None => true,
        };
        of_this
            && stable.0 == canary.0
            && TAGS.iter().any(|tag| ends_with(key, tag))
            && value.before.as_deref() == Some(stable.1)
            && value.after.as_deref() == Some(canary.1)
    }

    fn is(&self, template: Option<&Value>, manifest: Option<&str>) -> bool {
        let (Some(template), Some(manifest)) = (template, manifest) else {
            return template.is_none() && manifest.is_none();
        };
        let text = match template {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let is_amount = self.tail.contains("resources.") || self.tail.ends_with("sizeLimit");
        text == manifest || (is_amount && amount(&text).is_some() && amount(&text) == amount(manifest))
    }
}

/// A template's value from its JSON; the outer `None` where it was cut.
#[expect(clippy::option_option, reason = "absent and unreadable are two things")]
fn read(text: &str) -> Option<Option<Value>> {
    if text.is_empty() { Some(None) } else { serde_json::from_str(text).ok().map(Some) }
}

/// The one place at which two values of the same shape differ, as the end of a path.
fn only_difference(old: &Value, new: &Value) -> Option<(String, Option<Value>, Option<Value>)> {
    let mut differences = match (old, new) {
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            let pairs = old.iter().zip(new).enumerate().filter(|(_, (old, new))| old != new);
            pairs.map(|(at, (old, new))| (format!("[{at}]"), Some(old.clone()), Some(new.clone()))).collect()
        }
        (Value::Object(old), Value::Object(new)) => {
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            let differ = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
            differ
                .map(|key| (format!(".{key}"), old.get(key).cloned(), new.get(key).cloned()))
                .collect::<Vec<_>>()
        }
        _ => return None,
    };
    let only = differences.pop()?;
    differences.is_empty().then_some(only)
}

fn is_variable(key: &str, variable: &str) -> bool {
    ends_with(key, variable)
        || key.ends_with(&format!("[{variable}]"))
        || key.ends_with(&format!("[{variable}].value"))
}

/// Whether the last keys are these.
fn ends_with(key: &str, last: &str) -> bool {
    key.strip_suffix(last).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// An image's name and its tag, or digest.
fn parts(image: Option<&Value>) -> Option<(&str, &str)> {
    let image = image?.as_str()?;
    let (name, tag) = image.rsplit_once('@').or_else(|| image.rsplit_once(':'))?;
    (!tag.contains('/')).then_some((name, tag))
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// A Kubernetes quantity as a number of thousandths (kubernetes/apimachinery, `resource.Quantity`).
fn amount(text: &str) -> Option<i128> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(split)?;
    let factor: i128 = match unit {
        "m" => 1,
        "" => 1_000,
        "k" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        "T" => 1_000_000_000_000_000,
        "Ki" => 1_000 << 10,
        "Mi" => 1_000 << 20,
        "Gi" => 1_000 << 30,
        "Ti" => 1_000 << 40,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() > 15 || fraction.len() > 6 {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some(digits * factor * 1_000_000 / 10_i128.pow(u32::try_from(fraction.len()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(change: (&str, &str, &str), value: (&str, Option<&str>, Option<&str>)) -> Option<Fit> {
        let (path, stable, canary) = change;
        let exhibit = domain::ExhibitId(std::num::NonZeroU32::MIN);
        let (path, stable, canary) = (path.to_owned(), stable.to_owned(), canary.to_owned());
        let wanted = Wanted::of(&SpecChange { exhibit, path, stable, canary })?;
        let (key, before, after) = value;
        let [before, after] = [before, after].map(|side| side.map(str::to_owned));
        wanted.fit(&ChangedValue { line: 1, own_line: 1, key: key.to_owned(), before, after })
    }

    const MEMORY: (&str, &str, &str) = ("containers[shop].resources.limits.memory", "\"1Gi\"", "\"64Mi\"");

    #[test]
    fn a_limit_is_found_in_manifests_patches_and_values_whatever_its_unit() {
        let lowered = |key| fit(MEMORY, (key, Some("1024Mi"), Some("64Mi")));
        for key in [
            "spec.template.spec.containers[shop].resources.limits.memory",
            "containers[shop].resources.limits.memory",
        ] {
            assert_eq!(lowered(key), Some(Fit::Exact), "{key}");
        }
        for key in ["resources.limits.memory", "shop.resources.limits.memory"] {
            assert_eq!(lowered(key), Some(Fit::Loose), "{key}");
        }
        for key in [
            "spec.template.spec.containers[proxy].resources.limits.memory",
            "spec.template.spec.initContainers[shop].resources.limits.memory",
            "resources.requests.memory",
            "limits.memory",
            "memory",
            "myresources.limits.memory",
        ] {
            assert_eq!(lowered(key), None, "{key}");
        }
    }

    #[test]
    fn another_value_before_or_after_made_another_difference() {
        let key = "resources.limits.memory";
        for (before, after) in [
            (Some("512Mi"), Some("64Mi")),
            (Some("1Gi"), Some("128Mi")),
            (None, Some("64Mi")),
            (Some("1Gi"), None),
            (Some("[redacted]"), Some("64Mi")),
        ] {
            assert_eq!(fit(MEMORY, (key, before, after)), None, "{before:?} {after:?}");
        }
    }

    #[test]
    fn a_variable_is_found_in_manifests_literals_values_and_files_of_variables() {
        let change = ("containers[shop].env[FEATURE_X].value", "\"off\"", "\"on\"");
        let changed = |key| fit(change, (key, Some("off"), Some("on")));
        assert_eq!(changed("spec.template.spec.containers[shop].env[FEATURE_X].value"), Some(Fit::Exact));
        for key in [
            "FEATURE_X",
            "env.FEATURE_X",
            "data.FEATURE_X",
            "configMapGenerator[shop].literals[FEATURE_X]",
            "extraEnv[FEATURE_X].value",
        ] {
            assert_eq!(changed(key), Some(Fit::Loose), "{key}");
        }
        for key in
            ["MY_FEATURE_X", "containers[proxy].env[FEATURE_X].value", "env[FEATURE_X].name", "FEATURE_X.y"]
        {
            assert_eq!(changed(key), None, "{key}");
        }
        let gone = ("containers[shop].env[FEATURE_X].value", "\"off\"", "");
        assert_eq!(fit(gone, ("FEATURE_X", Some("off"), None)), Some(Fit::Loose));
    }

    #[test]
    fn an_image_is_found_whole_or_by_its_tag() {
        let change = (
            "containers[shop].image",
            "\"r.example:5000/acme/shop:1.0.0\"",
            "\"r.example:5000/acme/shop:1.1.0\"",
        );
        let tag = |key| fit(change, (key, Some("1.0.0"), Some("1.1.0")));
        for key in
            ["image.tag", "images[r.example:5000/acme/shop].newTag", "images[shop].newTag", "shop.image.tag"]
        {
            assert_eq!(tag(key), Some(Fit::Loose), "{key}");
        }
        assert_eq!(tag("images[acme/proxy].newTag"), None);
        assert_eq!(tag("version"), None);
        let whole = (Some("r.example:5000/acme/shop:1.0.0"), Some("r.example:5000/acme/shop:1.1.0"));
        assert_eq!(fit(change, ("x.containers[shop].image", whole.0, whole.1)), Some(Fit::Exact));
        assert_eq!(fit(change, ("shop.image", whole.0, whole.1)), Some(Fit::Loose));
    }

    #[test]
    fn a_list_that_differs_in_one_place_is_found_by_it() {
        let old = r#"[{"configMapRef":{"name":"shop"}},{"secretRef":{"name":"s"}}]"#;
        let new = old.replace("\"shop\"", "\"shop-v2\"");
        let change = ("containers[shop].envFrom", old, new.as_str());
        let key = "spec.template.spec.containers[shop].envFrom[0].configMapRef.name";
        assert_eq!(fit(change, (key, Some("shop"), Some("shop-v2"))), Some(Fit::Exact));
        let both = ("containers[shop].args", "[\"a\",\"b\"]", "[\"c\",\"d\"]");
        assert_eq!(fit(both, ("containers[shop].args[0]", Some("a"), Some("c"))), None);
        let cut = ("containers[shop].args", "[\"a\",\"b", "[\"c\"]");
        assert_eq!(fit(cut, ("containers[shop].args", Some("a"), Some("c"))), None);
    }

    #[test]
    fn what_only_names_the_version_is_nobodys_difference() {
        let change = ("metadata.labels.version", "\"1.0.0\"", "\"1.1.0\"");
        assert_eq!(fit(change, ("metadata.labels.version", Some("1.0.0"), Some("1.1.0"))), None);
    }

    #[test]
    fn amounts_compare_across_units_exactly() {
        assert_eq!(amount("1Gi"), amount("1024Mi"));
        assert_eq!(amount("0.5"), amount("500m"));
        assert_eq!(amount("1.5Gi"), amount("1536Mi"));
        assert_ne!(amount("1G"), amount("1Gi"));
        for text in ["", "x", "1e9", "1.2.3", "99999999999999999", "é"] {
            assert_eq!(amount(text), None, "{text}");
        }
    }
}
