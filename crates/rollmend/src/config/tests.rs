//! The file as an operator writes it, and what is said of a bad one.

mod models;
mod tools;

use std::path::PathBuf;
use std::time::Duration;

use domain::{Annotate, Mode, TooLittle};
use miette::{GraphicalReportHandler, GraphicalTheme};

use super::{Access, Config, Problems, Secret};

const SHIPPED: &str = include_str!("../../../../agents.toml");

fn problems(text: &str) -> Problems {
    Config::parse("agents.toml", text).expect_err("the file was accepted")
}

fn said(text: &str) -> Vec<String> {
    let problems = problems(text);
    let listed = serde_json::to_value(problems.listed()).unwrap();
    let listed = listed.as_array().unwrap().clone();
    listed
        .iter()
        .map(|one| {
            format!(
                "{}:{} {} | {}",
                one["line"],
                one["column"],
                one["problem"].as_str().unwrap(),
                one["suggestion"].as_str().unwrap_or("-")
            )
        })
        .collect()
}

#[test]
fn the_shipped_file_is_valid_and_means_what_it_says() {
    let config = Config::parse("agents.toml", SHIPPED).unwrap();
    assert_eq!(config.daemon.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(config.daemon.mode, Mode::Propose);
    assert_eq!(config.daemon.journal, PathBuf::from("/var/lib/rollmend/rollmend.db"));
    assert_eq!(config.daemon.cases, PathBuf::from("/var/lib/rollmend/cases"));
    assert_eq!(config.daemon.ignore_older_than, Duration::from_secs(3600));
    assert_eq!(
        config.daemon.access,
        Access::Tokens {
            token: Secret::File("/etc/rollmend/token".into()),
            gate: Some(Secret::File("/etc/rollmend/gate-token".into())),
        }
    );
    assert_eq!((config.daemon.spool.per_container, config.daemon.spool.total), (16 << 20, 1 << 30));
    assert_eq!(config.cluster.annotate, Annotate::No);
    assert_eq!(config.gate.too_little, TooLittle::Error);
    assert_eq!(config.min_confidence.get(), 70);
    let listed: Vec<String> = config.repositories.iter().map(|one| one.url.to_string()).collect();
    assert_eq!(listed, ["https://github.com/acme/shop"]);
}

#[test]
fn an_empty_file_explains_on_loopback_and_never_pushes() {
    let config = Config::parse("agents.toml", "").unwrap();
    assert_eq!(config.daemon.mode, Mode::Explain);
    assert!(config.daemon.listen.ip().is_loopback());
    assert_eq!(config.daemon.access, Access::Open);
    assert!(config.cluster.namespaces.is_none());
    assert_eq!(config.repositories.iter().count(), 0);
}

#[test]
fn every_problem_is_reported_at_once_with_its_place_and_a_suggestion() {
    let text = r#"
[daemon]
mode = "propos"
lisen = "0.0.0.0:8080"
ignore_older_than = "an hour"
spool = { per_container = "1KiB", total = 7 }

[cluster]
namespaces = ["shop", "*", "Shop!"]
annotate = "yes"
prometheus = "ftp://prometheus"

[gate]
max_wait = "5m"
min_lines = -1
requests = "up"

[model.main]
provider = "anthropic"

[github]
api = "http://github.example.com"

[[repository]]
url = "https://github.com@evil.example/o/r"
verify = {}
"#;
    insta::assert_snapshot!(said(text).join("\n"));
}

#[test]
fn a_problem_is_shown_in_its_line_with_what_to_do() {
    let mut shown = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .render_report(&mut shown, &problems("[daemon]\nmode = \"propos\"\nlisen = \"127.0.0.1:80\"\n"))
        .unwrap();
    insta::assert_snapshot!(shown);
}

#[test]
fn a_port_that_others_reach_without_auth_is_refused_unless_the_file_says_so() {
    let open = "[daemon]\nlisten = \"0.0.0.0:8080\"\n";
    assert_eq!(said(open).len(), 1);
    assert!(said(open)[0].contains("there is no auth"), "{:?}", said(open));
    assert_eq!(Config::parse("x", &format!("{open}auth = \"none\"\n")).unwrap().daemon.access, Access::Open);
    assert!(Config::parse("x", "[daemon]\nlisten = \"[::1]:8080\"\n").is_ok());
}

#[test]
fn to_propose_a_token_and_a_repository_are_needed() {
    let said = said("[daemon]\nmode = \"propose\"\n");
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn a_repository_on_another_host_than_the_token_is_refused() {
    let text = "[github]\ntoken = { env = \"T\" }\n[[repository]]\nurl = \"https://gitlab.com/acme/shop\"\n";
    let said = said(text);
    assert!(said[0].contains("does not belong to [github] api"), "{said:?}");
    let enterprise = "[github]\napi = \"https://git.example.com/api/v3\"\ntoken = { env = \"T\" }\n[[repository]]\nurl = \"https://git.example.com/acme/shop\"\n";
    assert!(Config::parse("x", enterprise).is_ok());
}

#[test]
fn broken_toml_is_reported_with_its_place_and_nothing_else_is_guessed() {
    let said = said("[daemon\nmode = \n");
    assert!(said.iter().all(|one| one.contains("this is no TOML")), "{said:?}");
    assert!(said[0].starts_with("1:"), "{said:?}");
}

#[test]
fn a_list_of_no_namespaces_is_a_problem() {
    let said = said("[cluster]\nnamespaces = []\n");
    assert!(said[0].contains("nothing would be watched"), "{said:?}");
}

#[test]
fn the_same_repository_twice_is_a_problem() {
    let entry = "[[repository]]\nurl = \"https://github.com/acme/shop\"\n";
    let said = said(&format!("{entry}{}", entry.replace("acme/shop", "Acme/Shop.git")));
    assert!(said[0].contains("listed twice"), "{said:?}");
}

#[test]
fn a_secret_is_read_from_its_file_without_the_line_end() {
    use secrecy::ExposeSecret;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "s3cret-value\n").unwrap();
    let secret = Secret::File(path.clone());
    assert_eq!(secret.reveal("[github] token").unwrap().expose_secret(), "s3cret-value");
    std::fs::write(&path, "\n").unwrap();
    let error = secret.reveal("[github] token").unwrap_err().to_string();
    assert!(error.contains("[github] token") && error.contains("it is empty"), "{error}");
    let unset = Secret::Variable("ROLLMEND_TEST_IS_NOT_SET".to_owned()).reveal("[github] token").unwrap_err();
    assert!(unset.to_string().contains("ROLLMEND_TEST_IS_NOT_SET is not set"), "{unset}");
}
