//! Models, agents and budgets as an operator writes them, and what is said of bad ones.

use std::time::Duration;

use domain::{Budget, Price};

use super::said;
use crate::config::agents::TOOLS;
use crate::config::daemon::Keep;
use crate::config::models::Provider;
use crate::config::{Analyzer, Config, Fixer, Model, Secret};

const MAIN: &str = r#"
[models.main]
provider = "anthropic"
model = "claude-sonnet-4-5"
api_key = { env = "ANTHROPIC_API_KEY" }
price = { input_per_million = 3, output_per_million = 15.0 }
"#;

fn main() -> Model {
    Model {
        provider: Provider::Anthropic,
        model: "claude-sonnet-4-5".to_owned(),
        base_url: None,
        api_key: Some(Secret::Variable("ANTHROPIC_API_KEY".to_owned())),
        price: Price { input: 3_000_000, output: 15_000_000 },
        max_output_tokens: 4_096,
        ca: None,
    }
}

fn parse(text: &str) -> Config {
    Config::parse("agents.toml", text).unwrap()
}

#[test]
fn an_empty_file_asks_no_model_and_has_a_budget() {
    let config = parse("");
    assert_eq!((config.models.len(), config.analyzer, config.fixer), (0, None, None));
    assert_eq!(config.budget, Budget::default());
    let keep = Keep { incidents: Duration::from_secs(90 * 86_400), cases: 5 << 30, clones: 5 << 30 };
    assert_eq!(config.daemon.keep, keep);
}

#[test]
fn an_agent_asks_the_model_that_it_names() {
    let agents = "[agents.analyzer]\nmodels = [\"main\"]\n[agents.fixer]\nmodels = [\"main\"]\n";
    let config = parse(&format!("{MAIN}{agents}"));
    assert_eq!(config.models, [("main".to_owned(), main())].into());
    let (model, timeout) = ("main".to_owned(), Duration::from_secs(90));
    assert_eq!(config.analyzer, Some(Analyzer { model: model.clone(), tools: None, max_turns: 12, timeout }));
    let timeout = Duration::from_secs(300);
    assert_eq!(config.fixer, Some(Fixer { model, max_turns: 40, timeout }));
    assert_eq!(config.min_confidence.get(), 70);
}

#[test]
fn every_key_of_models_agents_and_budget_is_read() {
    let text = r#"
[daemon]
keep = { incidents = "30d", case_files = "1GiB", clones = "2GiB" }
[models.azure]
provider = "azure"
endpoint = "https://shop.openai.azure.com"
api_version = "2024-10-21"
model = "gpt"
api_key = { file = "/etc/rollmend/azure" }
price = { input_per_million = 0.25, output_per_million = 1 }
max_output_tokens = 1000
ca = { file = "/etc/rollmend/ca.pem" }
[models.near]
provider = "openai-compatible"
base_url = "http://vllm.models:8000/v1"
model = "qwen3"
[agents.analyzer]
models = ["near"]
tools = ["pod_logs", "git_range"]
max_turns = 3
timeout = "20s"
[agents.fixer]
models = ["azure"]
min_confidence = 80
max_turns = 4
timeout = "10m"
[budget]
per_incident = { usd = 0.5, time = "5m" }
per_day = { usd = 10 }
"#;
    let config = parse(text);
    let azure = Model {
        provider: Provider::Azure { api_version: "2024-10-21".to_owned() },
        model: "gpt".to_owned(),
        base_url: Some("https://shop.openai.azure.com".parse().unwrap()),
        api_key: Some(Secret::File("/etc/rollmend/azure".into())),
        price: Price { input: 250_000, output: 1_000_000 },
        max_output_tokens: 1_000,
        ca: Some("/etc/rollmend/ca.pem".into()),
    };
    let near = Model {
        provider: Provider::OpenAiCompatible,
        model: "qwen3".to_owned(),
        base_url: Some("http://vllm.models:8000/v1".parse().unwrap()),
        api_key: None,
        price: Price::default(),
        ..main()
    };
    assert_eq!(config.models, [("azure".to_owned(), azure), ("near".to_owned(), near)].into());
    let tools = Some(vec!["pod_logs".to_owned(), "git_range".to_owned()]);
    let timeout = Duration::from_secs(20);
    assert_eq!(config.analyzer, Some(Analyzer { model: "near".to_owned(), tools, max_turns: 3, timeout }));
    let timeout = Duration::from_secs(600);
    assert_eq!(config.fixer, Some(Fixer { model: "azure".to_owned(), max_turns: 4, timeout }));
    let budget = Budget {
        per_incident_micro_usd: 500_000,
        per_incident_time: Duration::from_secs(300),
        per_day_micro_usd: 10_000_000,
    };
    assert_eq!((config.min_confidence.get(), config.budget), (80, budget));
    let keep = Keep { incidents: Duration::from_secs(30 * 86_400), cases: 1 << 30, clones: 2 << 30 };
    assert_eq!(config.daemon.keep, keep);
}

#[test]
fn every_problem_of_models_and_agents_is_reported_at_once() {
    let text = r#"
[models.Main]
provider = "antropic"
[models.bare]
provider = "openai"
[models.clear]
provider = "gemini"
model = "gemini"
base_url = "http://proxy.example:8080"
api_key = { env = "A", file = "b" }
price = { input_per_million = -1, output_per_million = "free" }
api_version = "1"
[models.half]
provider = "azure"
model = ""
base_url = "https://shop.openai.azure.com"
api_key = { env = "A" }
price = { input_per_million = 1.0, out = 2.0 }
max_output_tokens = 0
[models.where]
provider = "openai-compatible"
model = "m"
ca = { path = "x" }

[agents.analyzer]
models = ["mian"]
tools = ["pod_log", "shell"]
max_turns = 0
timeout = "1h"
panel = "always"
[agents.fixer]
models = ["bare", "half"]
[agents.specialist.database]
tools = ["query_metrics"]
[agents.reviewer]
[agents.responder]

[budget]
per_incident = { usd = "2", time = "2d" }
per_day = { eur = 50 }
"#;
    insta::assert_snapshot!(said(text).join("\n"));
}

#[test]
fn settings_of_an_agent_without_a_model_are_a_problem() {
    insta::assert_snapshot!(
        said("[agents.analyzer]\nmax_turns = 3\n[agents.fixer]\ntimeout = \"1m\"\n").join("\n")
    );
    assert!(Config::parse("x", "[agents.fixer]\nmin_confidence = 90\n").is_ok());
}

#[test]
fn a_model_that_no_agent_names_is_no_problem_and_needs_no_secret() {
    assert_eq!(parse(MAIN).models.len(), 1);
}

#[test]
fn http_is_for_loopback_and_for_servers_of_ones_own() {
    let with = |provider: &str, url: &str| {
        let text = MAIN.replace("anthropic\"", &format!("{provider}\"\nbase_url = \"{url}\""));
        Config::parse("x", &text).is_ok()
    };
    for (provider, url, allowed) in [
        ("anthropic", "http://127.0.0.1:9000", true),
        ("anthropic", "http://proxy.models:9000", false),
        ("openai", "https://proxy.models:9000/v1", true),
        ("ollama", "http://ollama.models:11434", true),
        ("openai-compatible", "http://vllm.models:8000/v1", true),
        ("openai-compatible", "ftp://vllm.models", false),
        ("openai-compatible", "http://user:pass@vllm.models:8000/v1", false),
        ("openai", "https://proxy.models/v1?key=abc", false),
    ] {
        assert_eq!(with(provider, url), allowed, "{provider} at {url}");
    }
}

/// The lines of the shipped file that are comments because a key costs money.
#[test]
fn the_models_of_the_shipped_file_are_valid_once_they_are_no_comments() {
    let (before, rest) = super::SHIPPED.split_once("# [models.main]").unwrap();
    let (models, after) = rest.split_once("[github]").unwrap();
    let is_key = |line: &str| {
        let name = line.split(' ').next().unwrap_or_default();
        line.starts_with('[')
            || line.contains(" = ") && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
    };
    let lines: Vec<&str> = models
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|line| is_key(line)).unwrap_or(line))
        .collect();
    let config = parse(&format!("{before}[models.main]{}\n[github]{after}", lines.join("\n")));
    assert_eq!(config.models, [("main".to_owned(), main())].into());
    let analyzer = config.analyzer.unwrap();
    let mut tools = analyzer.tools.unwrap();
    tools.sort();
    assert_eq!(tools, TOOLS);
    assert_eq!((analyzer.max_turns, analyzer.timeout), (12, Duration::from_secs(90)));
    assert_eq!(
        config.fixer.map(|fixer| (fixer.max_turns, fixer.timeout)),
        Some((40, Duration::from_secs(300)))
    );
    assert_eq!(config.budget, Budget::default());
}
