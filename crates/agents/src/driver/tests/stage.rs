//! A model server, a crew that asks it, and tools that tell what became of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::{Checkpoints, Ledger, Reservation};
use domain::{
    Budget, Cost, Failure, IncidentId, OverBudget, Price, Redactor, Tool, ToolAccess, ToolFailure, ToolOutput,
};
use futures::future::BoxFuture;
use secrecy::SecretString;
use serde_json::{Value, json};
use testbed::models::{ModelServer, ModelWorld, Script, Turn};

use crate::driver::{AnswerTool, Crew, Done, Limits, Stopped, Task, drive};
use crate::models::{Meter, Model, ModelSettings, Pace, Provider};

pub(super) const KEY: &str = "sk-the-only-key-0123456789";
pub(super) const INCIDENT: &str = "shop-web-0a1b2c3d";
pub(super) const SECRET: &str = "hunter2hunter2";
pub(super) const SHAPES: [Shape; 2] = [Shape::OpenAi, Shape::Anthropic];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    OpenAi,
    Anthropic,
}

pub(super) struct Stage {
    pub(super) server: ModelServer,
    pub(super) crew: Crew,
    pub(super) ledger: Arc<Books>,
    pub(super) shelf: Arc<Shelf>,
    pub(super) limits: Limits,
    pub(super) opening: String,
    pub(super) state: String,
}

impl Stage {
    pub(super) async fn of(shape: Shape, turns: impl IntoIterator<Item = Turn>) -> Self {
        let world = ModelWorld { token: KEY.to_owned(), script: Script::of(turns) };
        let server = ModelServer::start(world).await.unwrap();
        let base = match shape {
            Shape::OpenAi => server.openai_url(),
            Shape::Anthropic => server.base_url(),
        };
        let crew = crew(Model::paced(settings(shape, &base), quick()).unwrap());
        let (ledger, shelf) = (Arc::new(Books::default()), Arc::new(Shelf::default()));
        let crew = Crew { ledger: Arc::clone(&ledger) as _, checkpoints: Arc::clone(&shelf) as _, ..crew };
        Self {
            server,
            crew,
            ledger,
            shelf,
            limits: Limits::default(),
            opening: "Why did the canary fail?".to_owned(),
            state: "tree 1".to_owned(),
        }
    }

    pub(super) async fn drive(
        &self,
        tools: impl IntoIterator<Item = Arc<dyn Tool>>,
    ) -> Result<Done<String>, Stopped> {
        let state = || self.state.clone();
        let task = Task {
            incident: &INCIDENT.parse::<IncidentId>().unwrap(),
            checkpoint: "analyze/1".to_owned(),
            system: "You judge canaries.".to_owned(),
            opening: self.opening.clone(),
            tools: tools.into_iter().collect(),
            limits: self.limits.clone(),
            state: &state,
        };
        drive(&self.crew, task, &verdict()).await
    }

    /// What the model was shown in its request with this number, as text.
    pub(super) fn shown(&self, number: usize) -> String {
        self.server.requests()[number].body.to_string()
    }
}

pub(super) fn crew(model: Model) -> Crew {
    Crew {
        model,
        ledger: Arc::new(Books::default()),
        checkpoints: Arc::new(Shelf::default()),
        budget: Budget::default(),
        meter: Arc::new(Meter::new()),
        redactor: Redactor::new([SECRET.to_owned()]),
        now: Arc::new(|| DateTime::<Utc>::UNIX_EPOCH),
    }
}

pub(super) fn settings(shape: Shape, base: &str) -> ModelSettings {
    rustls::crypto::ring::default_provider().install_default().ok();
    ModelSettings {
        name: "main".to_owned(),
        provider: match shape {
            Shape::OpenAi => Provider::OpenAiCompatible,
            Shape::Anthropic => Provider::Anthropic,
        },
        model: "model-1".to_owned(),
        base_url: Some(base.parse().unwrap()),
        api_key: Some(SecretString::from(KEY)),
        price: Price { input: 5_000_000, output: 25_000_000 },
        max_output_tokens: 2_000,
        authorities: None,
    }
}

/// Asks again almost at once.
pub(super) fn quick() -> Pace {
    Pace { first: Duration::from_millis(1), jitter: || 0.0, ..Pace::default() }
}

/// An answer that names a category.
pub(super) fn verdict() -> AnswerTool<'static, String> {
    let schema = json!({
        "type": "object", "required": ["category"], "properties": {"category": {"type": "string"}},
    });
    AnswerTool::new("verdict", "Your answer.", schema, |arguments| {
        match arguments.get("category").and_then(Value::as_str) {
            Some("code") => Ok("code".to_owned()),
            Some(other) => Err(format!("{other} is no category")),
            None => Err("category is missing".to_owned()),
        }
    })
}

type Doing = Box<dyn Fn(Value) -> BoxFuture<'static, Result<ToolOutput, ToolFailure>> + Send + Sync>;

/// A tool that remembers its calls.
pub(super) struct Probe {
    name: &'static str,
    access: ToolAccess,
    calls: Mutex<Vec<Value>>,
    doing: Doing,
}

impl Probe {
    pub(super) fn saying(name: &'static str, access: ToolAccess, text: &'static str) -> Arc<Self> {
        Self::doing(name, access, move |_| async move { Ok(ToolOutput::whole(text)) })
    }

    pub(super) fn doing<F>(
        name: &'static str,
        access: ToolAccess,
        doing: impl Fn(Value) -> F + Send + Sync + 'static,
    ) -> Arc<Self>
    where
        F: Future<Output = Result<ToolOutput, ToolFailure>> + Send + 'static,
    {
        let doing: Doing = Box::new(move |arguments| Box::pin(doing(arguments)));
        Arc::new(Self { name, access, calls: Mutex::default(), doing })
    }

    pub(super) fn tool(self: &Arc<Self>) -> Arc<dyn Tool> {
        Arc::clone(self) as _
    }

    pub(super) fn calls(&self) -> Vec<Value> {
        self.calls.lock().unwrap().clone()
    }
}

#[async_trait]
impl Tool for Probe {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        "Does something."
    }

    fn schema(&self) -> Value {
        json!({"type": "object", "properties": {}})
    }

    fn access(&self) -> ToolAccess {
        self.access
    }

    async fn call(&self, arguments: Value) -> Result<ToolOutput, ToolFailure> {
        self.calls.lock().unwrap().push(arguments.clone());
        (self.doing)(arguments).await
    }
}

/// A ledger in memory.
#[derive(Default)]
pub(super) struct Books {
    held: Mutex<Vec<(String, Cost)>>,
    settled: Mutex<BTreeMap<u64, Cost>>,
}

impl Books {
    pub(super) fn held(&self) -> Vec<(String, Cost)> {
        self.held.lock().unwrap().clone()
    }

    pub(super) fn settled(&self) -> Vec<Cost> {
        self.settled.lock().unwrap().values().copied().collect()
    }

    fn total(&self) -> Cost {
        let settled = self.settled.lock().unwrap();
        let held = self.held.lock().unwrap();
        held.iter()
            .zip(0..)
            .fold(Cost::default(), |total, ((_, held), number)| total + *settled.get(&number).unwrap_or(held))
    }
}

#[async_trait]
impl Ledger for Books {
    async fn reserve(
        &self,
        incident: &IncidentId,
        worst: Cost,
        _: DateTime<Utc>,
        budget: &Budget,
    ) -> Result<Result<Reservation, OverBudget>, Failure> {
        if (self.total() + worst).micro_usd > budget.per_incident_micro_usd {
            return Ok(Err(OverBudget::Incident));
        }
        let mut held = self.held.lock().unwrap();
        held.push((incident.to_string(), worst));
        Ok(Ok(Reservation { number: held.len() as u64 - 1 }))
    }

    async fn settle(&self, reservation: &Reservation, actual: Cost) -> Result<(), Failure> {
        self.settled.lock().unwrap().insert(reservation.number, actual);
        Ok(())
    }

    async fn spent(&self, _: &IncidentId) -> Result<Cost, Failure> {
        Ok(self.total())
    }
}

/// One checkpoint in memory, and all that ever lay there.
#[derive(Default)]
pub(super) struct Shelf {
    kept: Mutex<Option<Vec<u8>>>,
    ever: Mutex<Vec<u8>>,
}

impl Shelf {
    pub(super) fn kept(&self) -> Option<String> {
        self.kept.lock().unwrap().clone().map(|bytes| String::from_utf8(bytes).unwrap())
    }

    pub(super) fn ever(&self) -> String {
        String::from_utf8(self.ever.lock().unwrap().clone()).unwrap()
    }

    pub(super) fn put(&self, text: &str) {
        *self.kept.lock().unwrap() = Some(text.as_bytes().to_vec());
    }
}

#[async_trait]
impl Checkpoints for Shelf {
    async fn load(&self, _: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.kept.lock().unwrap().clone())
    }

    async fn save(&self, _: &str, state: &[u8]) -> Result<(), Failure> {
        self.ever.lock().unwrap().extend_from_slice(state);
        *self.kept.lock().unwrap() = Some(state.to_vec());
        Ok(())
    }

    async fn clear(&self, _: &str) -> Result<(), Failure> {
        *self.kept.lock().unwrap() = None;
        Ok(())
    }
}
