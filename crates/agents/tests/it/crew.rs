//! A crew whose model is a script on a loopback port, with its ledger and checkpoints in memory. The real ones are another room's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::{Checkpoints, Ledger, Reservation};
use domain::*;
use rollmend_agents::{Crew, Meter, Model, ModelSettings, Provider};
use secrecy::SecretString;
use serde_json::Value;
use testbed::models::{ModelServer, ModelWorld, Script, Turn};

/// A model on a port, and what it leaves behind.
pub(crate) struct Stage {
    pub(crate) server: ModelServer,
    pub(crate) crew: Crew,
    pub(crate) memory: Arc<Memory>,
}

/// What is kept over restarts.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) kept: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(crate) spent: Mutex<Vec<Cost>>,
}

impl Stage {
    /// A model that answers with these turns.
    pub(crate) async fn of(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self::with(turns, Redactor::default()).await
    }

    pub(crate) async fn with(turns: impl IntoIterator<Item = Turn>, redactor: Redactor) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let world = ModelWorld { token: "key-of-a-test".to_owned(), script: Script::of(turns) };
        let server = ModelServer::start(world).await.unwrap();
        let model = Model::connect(ModelSettings {
            name: "main".to_owned(),
            provider: Provider::OpenAiCompatible,
            model: "scripted".to_owned(),
            base_url: Some(server.openai_url().parse().unwrap()),
            api_key: Some(SecretString::from("key-of-a-test".to_owned())),
            price: Price { input: 5_000_000, output: 25_000_000 },
            max_output_tokens: 4_096,
            authorities: None,
        })
        .unwrap();
        let memory = Arc::new(Memory::default());
        let crew = Crew {
            model,
            ledger: memory.clone(),
            checkpoints: memory.clone(),
            budget: Budget::default(),
            meter: Arc::new(Meter::default()),
            redactor,
            now: Arc::new(|| "2026-11-24T02:31:47Z".parse().unwrap()),
        };
        Self { server, crew, memory }
    }

    /// How often the model was asked.
    pub(crate) fn asked(&self) -> usize {
        self.server.requests().len()
    }

    /// Everything of the script was asked as written.
    pub(crate) fn went_as_written(&self) {
        assert_eq!(self.server.mismatches(), Vec::<String>::new());
    }

    /// The names of the tools that the model was offered in its first call.
    pub(crate) fn offered(&self) -> Vec<String> {
        let first = self.server.requests().first().unwrap().body.clone();
        let tools = first["tools"].as_array().cloned().unwrap_or_default();
        tools.iter().map(|tool| tool["function"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The messages of its last call.
    pub(crate) fn last_messages(&self) -> Vec<Value> {
        let last = self.server.requests().last().unwrap().body.clone();
        last["messages"].as_array().cloned().unwrap()
    }

    /// A message of the first call, by its role.
    pub(crate) fn told(&self, role: &str) -> String {
        let first = self.server.requests().first().unwrap().body.clone();
        let messages = first["messages"].as_array().cloned().unwrap();
        let message = messages.iter().find(|message| message["role"] == role).unwrap().clone();
        text(&message["content"])
    }
}

fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(|part| text(&part["text"])).collect(),
        _ => String::new(),
    }
}

#[async_trait]
impl Ledger for Memory {
    async fn reserve(
        &self,
        _: &IncidentId,
        worst: Cost,
        _: DateTime<Utc>,
        budget: &Budget,
    ) -> Result<Result<Reservation, OverBudget>, Failure> {
        let mut spent = self.spent.lock().unwrap();
        let sum: u64 = spent.iter().map(|cost| cost.micro_usd).sum();
        if sum + worst.micro_usd > budget.per_incident_micro_usd {
            return Ok(Err(OverBudget::Incident));
        }
        spent.push(worst);
        Ok(Ok(Reservation { number: spent.len() as u64 - 1 }))
    }

    async fn settle(&self, reservation: &Reservation, actual: Cost) -> Result<(), Failure> {
        self.spent.lock().unwrap()[usize::try_from(reservation.number).unwrap()] = actual;
        Ok(())
    }

    async fn spent(&self, _: &IncidentId) -> Result<Cost, Failure> {
        Ok(self.spent.lock().unwrap().iter().fold(Cost::default(), |sum, cost| sum + *cost))
    }
}

#[async_trait]
impl Checkpoints for Memory {
    async fn load(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.kept.lock().unwrap().get(key).cloned())
    }

    async fn save(&self, key: &str, state: &[u8]) -> Result<(), Failure> {
        self.kept.lock().unwrap().insert(key.to_owned(), state.to_vec());
        Ok(())
    }

    async fn clear(&self, key: &str) -> Result<(), Failure> {
        self.kept.lock().unwrap().remove(key);
        Ok(())
    }
}
