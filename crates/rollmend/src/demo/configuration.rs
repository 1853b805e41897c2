//! The `agents.toml` of the demo's daemon. It works with `incidents` and `show` after the demo has ended.

use super::folder::Folder;
use super::options::GivenModel;
use super::stage::Stage;

/// The query that counts a canary's requests, for the gate.
pub(super) const REQUESTS: &str =
    r#"sum(increase(http_requests_total{rollouts_pod_template_hash="{{hash}}"}[{{window}}]))"#;

/// The configuration for a daemon on that stage, with that model.
pub(super) fn text(folder: &Folder, stage: &Stage, model: Option<&GivenModel>) -> String {
    let path = |path: std::path::PathBuf| quoted(&path.display().to_string());
    format!(
        "# What the demo's daemon was told. The commands that read work with it: rollmend incidents, rollmend show.\n\
         [daemon]\n\
         listen = \"127.0.0.1:0\"\n\
         mode = \"propose\"\n\
         data = {data}\n\
         \n\
         [cluster]\n\
         namespaces = [{namespace}]\n\
         prometheus = {prometheus}\n\
         annotate = true\n\
         \n\
         [gate]\n\
         requests = '{REQUESTS}'\n\
         min_requests = 50\n\
         max_wait = \"20s\"\n\
         \n\
         [github]\n\
         api = {api}\n\
         token = {{ file = {token} }}\n\
         \n\
         [[repository]]\n\
         url = {repository}\n\
         base = \"main\"\n\
         labels = [\"rollmend\"]\n\
         {agents}",
        data = path(folder.data()),
        namespace = quoted(super::stage::NAMESPACE),
        prometheus = quoted(&stage.prometheus_url()),
        api = quoted(&stage.github_api()),
        token = path(folder.root().join(super::stage::TOKEN_FILE)),
        repository = quoted(&stage.repository_url()),
        agents = model.map(agents).unwrap_or_default(),
    )
}

/// The model and the agents that ask it.
fn agents(model: &GivenModel) -> String {
    let key = model.key.as_deref().map(|variable| format!("api_key = {{ env = {} }}\n", quoted(variable)));
    format!(
        "\n\
         [models.main]\n\
         provider = \"openai-compatible\"\n\
         model = {name}\n\
         base_url = {base_url}\n\
         {key}\
         \n\
         [agents.analyzer]\n\
         models = [\"main\"]\n\
         \n\
         [agents.fixer]\n\
         models = [\"main\"]\n",
        name = quoted(&model.name),
        base_url = quoted(model.base_url.as_str()),
        key = key.unwrap_or_default(),
    )
}

/// A basic string of TOML, which JSON's strings are as well.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
