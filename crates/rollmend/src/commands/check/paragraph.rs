//! What a file enables, for someone who is about to start a daemon with it.

use domain::{Cost, Mode, Namespace};

use crate::config::{Config, written};

/// Names that are told; the rest are counted.
const MOST: usize = 5;

/// In one paragraph: mode, repositories, namespaces, models and what they may cost.
pub(super) fn of(config: &Config) -> String {
    let mut sentences = vec![format!("{}; {} watched.", mode(config), watched(config))];
    sentences.push(models(config));
    sentences.extend(idle(config));
    sentences.join(" ")
}

fn mode(config: &Config) -> String {
    let urls: Vec<String> = config.repositories.iter().map(|listed| listed.url.to_string()).collect();
    let read = match urls.len() {
        0 => "no repository is listed".to_owned(),
        1 => format!("{} is read", some(&urls)),
        _ => format!("{} are read", some(&urls)),
    };
    match config.daemon.mode {
        Mode::Observe => format!("mode observe writes nothing outside; {read}"),
        Mode::Explain => format!("mode explain writes Events and never pushes; {read}"),
        Mode::Propose => format!(
            "mode propose opens pull requests in {}, from a confidence of {} on",
            some(&urls),
            config.min_confidence.get()
        ),
    }
}

fn watched(config: &Config) -> String {
    match config.cluster.namespaces.as_deref() {
        None => "all namespaces are".to_owned(),
        Some([one]) => format!("the namespace {one} is"),
        Some(many) => {
            let names: Vec<String> = many.iter().map(Namespace::to_string).collect();
            format!("the namespaces {} are", some(&names))
        }
    }
}

fn models(config: &Config) -> String {
    let name = |model: &str| {
        let known = config.models.get(model);
        known.map_or_else(|| model.to_owned(), |known| format!("{model} ({})", known.model))
    };
    let analyzer = config.analyzer.as_ref().map(|agent| format!("{} looks for causes", name(&agent.model)));
    let fixer = config.fixer.as_ref().filter(|_| config.daemon.mode == Mode::Propose);
    let fixer = fixer.map(|agent| format!("{} writes patches", name(&agent.model)));
    let asked: Vec<String> = analyzer.into_iter().chain(fixer).collect();
    if asked.is_empty() {
        return "No model is asked: rules judge, reverts mend.".to_owned();
    }
    let usd = |micro_usd| Cost { micro_usd, ..Cost::default() };
    format!(
        "{}; models may cost {} and take {} per incident, and cost {} per day.",
        asked.join(", "),
        usd(config.budget.per_incident_micro_usd),
        written(config.budget.per_incident_time),
        usd(config.budget.per_day_micro_usd)
    )
}

/// A spare model is no mistake; whoever forgot to name it sees it here.
fn idle(config: &Config) -> Option<String> {
    let named = [
        config.analyzer.as_ref().map(|agent| agent.model.as_str()),
        config.fixer.as_ref().map(|agent| agent.model.as_str()),
    ];
    let idle = config.models.keys().filter(|name| !named.contains(&Some(name.as_str())));
    let idle: Vec<String> = idle.cloned().collect();
    (!idle.is_empty()).then(|| format!("No agent names {}.", some(&idle)))
}

fn some(names: &[String]) -> String {
    let told: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    match names.len().saturating_sub(MOST) {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
[daemon]
mode = "propose"
[cluster]
namespaces = ["shop", "till"]
[models.main]
provider = "anthropic"
model = "claude-sonnet-4-5"
api_key = { env = "ANTHROPIC_API_KEY" }
price = { input_per_million = 3, output_per_million = 15.0 }
[models.spare]
provider = "ollama"
model = "qwen3"
[agents.analyzer]
models = ["main"]
[agents.fixer]
models = ["main"]
[budget]
per_incident = { usd = 0.5, time = "10m" }
[github]
token = { env = "GITHUB_TOKEN" }
[[repository]]
url = "https://github.com/acme/shop"
"#;

    #[test]
    fn a_whole_file_is_told_in_one_paragraph() {
        insta::assert_snapshot!(of(&Config::parse("agents.toml", WHOLE).unwrap()));
    }

    #[test]
    fn an_empty_file_is_told_in_one_paragraph() {
        insta::assert_snapshot!(of(&Config::parse("agents.toml", "").unwrap()));
    }

    #[test]
    fn a_fixers_model_is_not_told_where_nothing_is_fixed() {
        let explain = WHOLE.replace("\"propose\"", "\"explain\"");
        let told = of(&Config::parse("agents.toml", &explain).unwrap());
        assert!(!told.contains("writes patches") && told.contains("looks for causes"), "{told}");
    }
}
