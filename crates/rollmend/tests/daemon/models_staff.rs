//! A daemon whose analyzer and fixer have a model, and what the scripted model answers.

use serde_json::{Value, json};
use testbed::models::{Call, Conversation, ModelServer, ModelWorld, RecordedRequest, Script, Turn};

use crate::house::House;
use crate::plan::Plan;
use crate::service::Service;
use crate::shop;

/// The model's key, of no known shape.
pub(crate) const MODEL_KEY: &str = "opaque-model-key-2718";
/// What only an analyzer's first words hold, and what only a fixer's do.
pub(crate) const ANALYZER: &str = "You find out why a canary failed";
pub(crate) const FIXER: &str = "You mend the cause of a failed canary";
/// Who judges and mends, for a file.
pub(crate) const BOTH: &str =
    "[agents.analyzer]\nmodels = [\"main\"]\n\n[agents.fixer]\nmodels = [\"main\"]\n";

/// The line that broke, and what the fixer makes of it.
pub(crate) const BROKEN: &str = "    price = order[\"cost\"][\"cents\"]";
pub(crate) const MENDED: &str = "    price = order.get(\"cost\", {}).get(\"cents\", 0)";

/// In whose shape the model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    OpenAi,
    Anthropic,
}

/// A model server with this script.
pub(crate) async fn model(script: Script) -> ModelServer {
    ModelServer::start(ModelWorld { token: MODEL_KEY.to_owned(), script }).await.unwrap()
}

/// The tables of a file that name the server as the model `main`; `more` follows.
pub(crate) fn tables(shape: Shape, server: &ModelServer, more: &str) -> String {
    let (provider, base) = match shape {
        Shape::OpenAi => ("openai-compatible", server.openai_url()),
        Shape::Anthropic => ("anthropic", server.base_url()),
    };
    format!(
        "[models.main]\nprovider = \"{provider}\"\nmodel = \"scripted-1\"\nbase_url = \"{base}\"\n\
         api_key = {{ file = \"model-key\" }}\n\
         price = {{ input_per_million = 5.0, output_per_million = 25.0 }}\n\n{more}"
    )
}

/// A house whose daemon will have these tables; the shop is open.
pub(crate) async fn house(plan: Plan, tables: String) -> House {
    let house = House::build(Plan { tables, ..plan }).await;
    house.write("model-key", MODEL_KEY);
    house.open_shop().await;
    house
}

/// A model with this script, which judges and mends, and a running daemon.
pub(crate) async fn staffed(shape: Shape, script: Script) -> (House, ModelServer, Service) {
    let server = model(script).await;
    let house = house(Plan::default(), tables(shape, &server, BOTH)).await;
    let service = house.serve().await;
    (house, server, service)
}

/// A script of both. What is frozen at the trouble may lack the commits, where the clone takes longer than the gate may wait; then the
/// analyzer does not know yet, and is asked again at the end.
pub(crate) fn both(
    analyzer: impl IntoIterator<Item = Turn>,
    fixer: impl IntoIterator<Item = Turn>,
) -> Script {
    Script {
        models: vec!["scripted-1".to_owned()],
        conversations: vec![
            Conversation::new("fixer", FIXER, fixer),
            Conversation::new("analyzer", "“Read the cost of each order”", analyzer),
            Conversation::new("analyzer without commits", ANALYZER, [Turn::call("verdict", no_commits())]),
        ],
    }
}

/// An analyzer that looks at the culprit and the log, and judges.
pub(crate) fn careful_analyzer() -> Vec<Turn> {
    vec![
        Turn::calls([
            Call::new("show_commit", json!({"sha": CULPRIT})),
            Call::new("pod_logs", json!({"exhibit": LOG})),
            Call::new("git_range", json!({})),
        ]),
        Turn::call("verdict", verdict())
            .expecting("KeyError: 'cost'")
            .expecting("Read the cost of each order"),
    ]
}

const CULPRIT: &str = "{{capture:([0-9a-f]{7}) “Read the cost of each order”}}";
const LOG: &str = "{{capture:(E[0-9]+) “log canary}}";

/// What the analyzer answers.
pub(crate) fn verdict() -> Value {
    json!({
        "category": "code",
        "confidence": 88,
        "root_cause": "Orders without a cost cannot be priced: `line_total` asks each order for `cost`, which most do not have.",
        "remediation": "Take an order without a cost for one that costs nothing.",
        "claims": [{
            "exhibit": LOG, "text": "an order without `cost` ends the request", "quote": "KeyError: 'cost'",
        }],
        "suspect": CULPRIT,
    })
}

fn no_commits() -> Value {
    json!({
        "category": "unknown", "confidence": 40, "root_cause": "Orders have no `cost`.",
        "remediation": "Look at the commits.",
        "claims": [{"exhibit": LOG, "text": "an order without `cost`", "quote": "KeyError: 'cost'"}],
    })
}

/// A fixer that reads, edits, looks again and ends.
pub(crate) fn careful_fixer() -> Vec<Turn> {
    vec![
        Turn::calls([
            Call::new("read_file", json!({"path": "shop/pricing.py"})),
            Call::new("search", json!({"text": "line_total"})),
        ]),
        edit("shop/pricing.py").expecting("price = order"),
        Turn::call("read_file", json!({"path": "shop/pricing.py"})).expecting("shop/pricing.py is changed"),
        Turn::call("finish", patch()).expecting("order.get(\"cost\", {})"),
    ]
}

/// The edit that mends the broken line, in that file.
pub(crate) fn edit(path: &str) -> Turn {
    Turn::call("edit", json!({"path": path, "old": BROKEN, "new": MENDED}))
}

/// How a fixer ends.
pub(crate) fn patch() -> Value {
    json!({
        "ending": "patch",
        "title": "Price orders without a cost at nothing",
        "what_changes": "An order without `cost` is priced at 0 instead of ending the request",
        "why_not_revert": "It would go back to `price`, which new orders no longer have.",
        "what_is_not_shown": "Whether an order may be sold for nothing.",
    })
}

/// A whole failed canary: traces in its log, its pods gone.
pub(crate) async fn broken(house: &House) {
    let canary = house.begin_canary().await;
    house.say(&canary.pod, shop::traces());
    house.spooled("KeyError: 'cost'").await;
    house.fail(&canary).await;
}

/// The requests of one kind of conversation.
pub(crate) fn asked(server: &ModelServer, opening: &str) -> Vec<RecordedRequest> {
    let mut requests = server.requests();
    requests.retain(|request| request.body.to_string().contains(opening));
    requests
}

/// All that was asked went as the script says.
pub(crate) fn went_as_written(server: &ModelServer) {
    assert_eq!(server.mismatches(), Vec::<String>::new());
}

/// The value of a series of the daemon's.
pub(crate) async fn series(service: &Service, name: &str) -> f64 {
    let door = service.address().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let shown = client.get(format!("http://{door}/metrics")).send().await.unwrap().text().await.unwrap();
    let line = shown.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is missing in {shown}")).parse().unwrap()
}
