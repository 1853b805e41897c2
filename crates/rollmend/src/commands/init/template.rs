//! The first configuration: the shipped one, with nothing enabled that a person has to allow, and what a cluster showed.

use std::fmt::Write;

use crate::compose::Survey;

/// The file that is shipped with every key and its comment.
const SHIPPED: &str = include_str!("../../../../../agents.toml");
/// What the shipped file goes on to and a first one does not: a push needs a token and a listed repository.
const MODE: (&str, &str) = ("mode = \"propose\"", "mode = \"explain\"");
/// From this table on the shipped file names what a person has to allow.
const TO_ALLOW: &str = "[github]";
/// After this line of the shipped file, what was seen is of help.
const NAMESPACES: &str = "namespaces = ";

/// The text of a first configuration.
pub(super) fn filled(seen: Option<&Survey>) -> String {
    let mut text = String::with_capacity(SHIPPED.len() + 256);
    let mut is_to_allow = false;
    for line in SHIPPED.lines() {
        is_to_allow = is_to_allow || line == TO_ALLOW;
        let is_set = !line.is_empty() && !line.starts_with('#');
        if is_to_allow && is_set {
            text.push_str("# ");
        }
        text.push_str(&line.replace(MODE.0, MODE.1));
        text.push('\n');
        if let Some(seen) = seen.filter(|_| line.starts_with(NAMESPACES)) {
            text.push_str(&namespaces(seen));
        }
    }
    text.push_str(&seen.map(repositories).unwrap_or_default());
    text
}

fn namespaces(seen: &Survey) -> String {
    let names: Vec<String> = seen.namespaces.iter().map(|name| format!("\"{name}\"")).collect();
    if names.is_empty() {
        return "# No namespace of this cluster had Rollouts when this file was written.\n".to_owned();
    }
    format!("# With Rollouts when this file was written: [{}]\n", names.join(", "))
}

fn repositories(seen: &Survey) -> String {
    if seen.repositories.is_empty() {
        return "\n# No Rollout of this cluster named a repository when this file was written.\n".to_owned();
    }
    let mut text = "\n# Named by Rollouts of this cluster when this file was written. Whoever may write a Rollout names what they like: take\n\
                    # the marks away from those that may be cloned, and from [github].\n"
        .to_owned();
    for (url, by) in &seen.repositories {
        // Writing into a text cannot fail.
        let _ = write!(text, "#\n# [[repository]]   # named by {by}\n# url = \"{url}\"\n# base = \"main\"\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use domain::Mode;

    use super::*;
    use crate::config::Config;

    #[test]
    fn a_first_file_is_valid_and_enables_nothing_that_a_person_has_to_allow() {
        let config = Config::parse("agents.toml", &filled(None)).unwrap();
        assert_eq!(config.daemon.mode, Mode::Explain);
        assert_eq!(config.repositories.iter().count(), 0);
        assert!(config.github.is_none());
    }

    #[test]
    fn it_says_all_that_the_shipped_file_says() {
        let first = filled(None);
        let differ: Vec<&str> = SHIPPED.lines().filter(|line| !first.contains(line)).collect();
        assert_eq!(differ, [MODE.0]);
    }

    #[test]
    fn what_was_seen_stays_a_comment_and_is_valid_once_it_is_allowed() {
        let mut seen = Survey::default();
        seen.namespaces.insert("shop".parse().unwrap());
        let by = domain::RolloutRef { namespace: "shop".parse().unwrap(), name: "checkout".parse().unwrap() };
        seen.repositories.insert("https://github.com/acme/till".to_owned(), by);
        let text = filled(Some(&seen));
        let config = Config::parse("agents.toml", &text).unwrap();
        assert_eq!(config.repositories.iter().count(), 0);
        assert!(text.contains("# With Rollouts when this file was written: [\"shop\"]\n"));
        let (_, candidates) = text.split_once("and from [github].\n").unwrap();
        let allowed = candidates.replace("# [[", "[[").replace("# url", "url").replace("# base", "base");
        let config = Config::parse("agents.toml", &format!("{text}{allowed}")).unwrap();
        assert_eq!(
            config.repositories.iter().next().unwrap().url.to_string(),
            "https://github.com/acme/till"
        );
    }
}
