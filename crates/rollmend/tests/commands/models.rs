//! `analyze` and `fix` with a model, and what `doctor` says of it. The model is a script behind the wire of `OpenAI`'s Chat Completions.

use serde_json::{Value, json};
use testbed::kubelet::ScriptedKubelet;
use testbed::models::{Answer, Conversation, ModelServer, ModelWorld, Script, Turn, Usage};

use crate::desk::Said;
use crate::outside::{GITHUB_TOKEN, Outside, REPOSITORY, SOUND};

const KEY: &str = "opaque-model-key-2718";
const JUDGING: &str = "You find out why a canary failed";
const MENDING: &str = "You mend the cause of a failed canary";
const BEFORE: &str = "    price = order[\"cost\"][\"cents\"]";
const AFTER: &str = "    price = order.get(\"cost\", {}).get(\"cents\", 0)";

/// A broken shop, and a model that `agents.toml` names for both agents.
struct House {
    outside: Outside,
    models: ModelServer,
    kubelet: ScriptedKubelet,
}

impl House {
    async fn with(judging: Answer, mending: Vec<Turn>, more: &str) -> Self {
        let said = Usage::Said { input: 4_000, output: 200, cached: 0 };
        let judging = Conversation::new("judging", JUDGING, [Turn::new(judging).using(said).forever()]);
        let conversations = vec![judging, Conversation::new("mending", MENDING, mending)];
        let script = Script { models: vec!["scripted-1".to_owned()], conversations };
        let models = ModelServer::start(ModelWorld { token: KEY.to_owned(), script }).await.unwrap();
        let outside = Outside::new().await;
        outside.configure("", "");
        let file = std::fs::read_to_string(outside.desk.path("agents.toml")).unwrap();
        let models_toml = format!(
            "\n[models.main]\nprovider = \"openai-compatible\"\nbase_url = \"{}\"\nmodel = \"scripted-1\"\n\
             api_key = {{ env = \"MODEL_KEY\" }}\nprice = {{ input_per_million = 5.0, output_per_million = 25.0 }}\n\
             [agents.analyzer]\nmodels = [\"main\"]\n[agents.fixer]\nmodels = [\"main\"]\n{more}",
            models.openai_url()
        );
        outside.desk.write("agents.toml", file + &models_toml);
        let kubelet = outside.break_shop().await;
        Self { outside, models, kubelet }
    }

    async fn run(&self, arguments: &[&str]) -> Said {
        let all = [arguments, &["--kubeconfig", "kubeconfig"]].concat();
        let said =
            self.outside.desk.run_with(&all, &[("GITHUB_TOKEN", GITHUB_TOKEN), ("MODEL_KEY", KEY)]).await;
        assert!(!said.out.contains(KEY) && !said.err.contains(KEY), "{said:?}");
        assert_eq!(self.models.mismatches(), Vec::<String>::new(), "{said:?}");
        said
    }
}

fn verdict() -> Answer {
    let arguments = json!({
        "category": "code", "confidence": 93,
        "root_cause": "Orders without a cost are read as if they had one.",
        "remediation": "Give such an order a price of its own.",
        "claims": [{
            "exhibit": "{{capture:(E[0-9]+): python}}", "text": "the look-up that fails", "quote": "KeyError: 'cost'",
        }],
        "suspect": "{{capture:([0-9a-f]{7}) “Read the cost}}",
    });
    Answer::Calls(vec![testbed::models::Call::new("verdict", arguments)])
}

fn mending() -> Vec<Turn> {
    let ending = json!({
        "ending": "patch", "title": "Let an order have no cost", "what_changes": "Such an order costs nothing.",
        "why_not_revert": "The cost of the others would no longer be read.", "what_is_not_shown": "What the till makes of it.",
    });
    vec![
        Turn::call("edit", json!({"path": "shop/pricing.py", "old": BEFORE, "new": AFTER})),
        Turn::call("finish", ending),
    ]
}

fn refusing() -> Answer {
    Answer::Status { code: 400, headers: std::collections::BTreeMap::new(), body: None }
}

#[tokio::test]
async fn a_model_judges_beside_the_rules_and_its_turns_tokens_and_cost_are_told() {
    let house = House::with(verdict(), mending(), "").await;
    let said = house.run(&["analyze", "shop/shop"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let cause = said.line("✓ cause");
    assert!(cause.contains("code, confidence 93, by main, 1 turn, 4,200 tokens"), "{said:?}");
    assert!(cause.ends_with("$0.03"), "{said:?}");
    assert!(said.out.contains("Orders without a cost are read as if they had one."), "{said:?}");
    let json = house.run(&["analyze", "shop/shop", "--json"]).await.json();
    assert_eq!(json["verdict"]["analyst"]["model"]["model"], "main");
    let cost = json!({"input_tokens": 4_000, "output_tokens": 200, "micro_usd": 25_000});
    assert_eq!(json["models"], json!({"calls": 1, "failures": 0, "cost": cost}));
    assert_eq!(house.outside.desk.names(), ["agents.toml", "kubeconfig"], "the purse is gone again");
}

#[tokio::test]
async fn whoever_wants_no_model_asks_none_and_one_that_is_not_there_is_named() {
    let house = House::with(verdict(), mending(), "").await;
    let rules = house.run(&["fix", "shop/shop", "--no-model"]).await;
    assert_eq!(rules.code, 0, "{rules:?}");
    assert!(rules.line("✓ patch").contains("undoes "), "{rules:?}");
    let none = house.run(&["analyze", "shop/shop", "--model", "other"]).await;
    assert_eq!(none.code, 1, "{none:?}");
    assert!(none.err.contains("there is no [models.other]") && none.err.contains("it has main"), "{none:?}");
    assert_eq!(house.run(&["analyze", "shop/shop", "--model", "main", "--no-model"]).await.code, 2);
    assert!(house.models.requests().is_empty(), "nobody was asked");
}

#[tokio::test]
async fn a_models_key_in_a_log_is_taken_out_also_where_no_model_is_asked() {
    let house = House::with(verdict(), mending(), "").await;
    let line = format!("ERROR refused with {KEY}\n").repeat(30);
    house.kubelet.write("shop", "shop-86686d4656-a", "shop", line.as_bytes());
    let said = house.run(&["analyze", "shop/shop", "--no-model", "--json"]).await;
    assert!(said.out.contains("ERROR refused with "), "the log is read: {said:?}");
}

#[tokio::test]
async fn a_model_that_is_named_is_asked_although_no_agent_names_it() {
    let house = House::with(verdict(), mending(), "").await;
    let file = std::fs::read_to_string(house.outside.desk.path("agents.toml")).unwrap();
    house.outside.desk.write("agents.toml", file.split("[agents.analyzer]").next().unwrap());
    let without = house.run(&["analyze", "shop/shop"]).await;
    assert_eq!((without.code, house.models.requests().len()), (0, 0), "{without:?}");
    let with = house.run(&["analyze", "shop/shop", "--model", "main"]).await;
    assert!(with.line("✓ cause").contains("by main, 1 turn"), "{with:?}");
}

#[tokio::test]
async fn a_model_mends_and_the_patch_goes_where_it_should() {
    let house = House::with(verdict(), mending(), "").await;
    let said = house.run(&["fix", "shop/shop"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let row = said.line("✓ patch");
    assert!(row.contains("by edits on main: shop/pricing.py +1 −1, by main, 2 turns, "), "{said:?}");
    assert!(row.contains(" s  $0.0"), "{said:?}");
    assert!(said.out.contains(&format!("\n-{BEFORE}\n+{AFTER}\n")), "{said:?}");
    let opened = house.run(&["fix", "shop/shop", "--open", "--json"]).await.json();
    assert_eq!((&opened["patch"]["kind"], &opened["done"]["kind"]), (&"edits".into(), &"opened".into()));
    assert_eq!(opened["models"]["patch"]["calls"], 2);
    let pulls = house.outside.github.pulls(REPOSITORY).unwrap();
    assert_eq!(pulls.len(), 1);
    assert_eq!(Value::from(pulls[0].title.as_str()), opened["patch"]["title"]);
}

#[tokio::test]
async fn a_model_that_fails_leaves_the_rules_verdict_and_the_revert() {
    let house = House::with(refusing(), vec![Turn::new(refusing()).forever()], "").await;
    let said = house.run(&["fix", "shop/shop"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.line("! cause").contains("by the rules; no model judged (1 failed call) "), "{said:?}");
    assert!(said.line("✓ patch").contains("instead of a patch by main, 1 failed call "), "{said:?}");
    let sound = SOUND.lines().nth(1).unwrap();
    assert!(said.out.contains(&format!("\n+{sound}\n")), "{said:?}");
}

#[tokio::test]
async fn a_command_that_may_spend_nothing_asks_no_model() {
    let house = House::with(verdict(), mending(), "[budget]\nper_incident = { usd = 0.0001 }\n").await;
    let said = house.run(&["analyze", "shop/shop"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.line("! cause").contains("by the rules; no model judged "), "{said:?}");
    assert!(said.out.contains("the budget of the incident is spent"), "{said:?}");
    assert!(house.models.requests().is_empty());
}

#[tokio::test]
async fn without_the_models_key_the_rules_judge_and_say_so_unless_it_was_asked_for() {
    let house = House::with(verdict(), mending(), "").await;
    let keyless = |arguments: &[&str]| {
        let all: Vec<String> =
            arguments.iter().chain(&["--kubeconfig", "kubeconfig"]).map(|&word| word.to_owned()).collect();
        let desk = &house.outside.desk;
        async move {
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            desk.run_with(&all, &[("GITHUB_TOKEN", GITHUB_TOKEN)]).await
        }
    };
    let said = keyless(&["fix", "shop/shop"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.line("MODEL_KEY").contains("the rules judge"), "{said:?}");
    assert!(said.line("✓ patch").contains("undoes "), "{said:?}");
    let wanted = keyless(&["analyze", "shop/shop", "--model", "main"]).await;
    assert_eq!((wanted.code, wanted.err.contains("MODEL_KEY")), (1, true), "{wanted:?}");
}

#[tokio::test]
async fn doctor_asks_a_provider_for_its_models_and_no_model_for_an_answer() {
    let house = House::with(verdict(), mending(), "").await;
    let doctor = async || {
        let said = house.run(&["doctor"]).await;
        said.out.lines().filter(|line| line.contains(" models ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let good = "✓ models    main: its provider knows the key and has scripted-1; nothing was asked of it";
    assert_eq!(doctor().await, [good]);
    let file = std::fs::read_to_string(house.outside.desk.path("agents.toml")).unwrap();
    house.outside.desk.write("agents.toml", file.replace("scripted-1", "scripted-9"));
    let [other] = doctor().await.try_into().unwrap();
    assert!(other.starts_with("! models") && other.contains("does not list scripted-9"), "{other}");
    house.outside.desk.write("agents.toml", &file);
    let all = ["doctor", "--kubeconfig", "kubeconfig"];
    let refused =
        house.outside.desk.run_with(&all, &[("GITHUB_TOKEN", GITHUB_TOKEN), ("MODEL_KEY", "old-key")]).await;
    assert_eq!(refused.code, 1);
    assert!(
        refused.line("✗ models").contains("renew the key that [models.main] api_key names"),
        "{refused:?}"
    );
    let keyless = house.outside.desk.run_with(&all, &[("GITHUB_TOKEN", GITHUB_TOKEN)]).await;
    assert!(keyless.line("✗ secret").contains("[models.main] api_key"), "{keyless:?}");
    assert!(house.models.requests().is_empty(), "no model was asked anything");
}
