//! Language models on a loopback port: OpenAI's chat completions (Azure's path, too) and Anthropic's messages.
//!
//! What is asked is checked as strictly as the providers check it, and refused in their own error bodies. What is answered
//! comes from a [`Script`] alone: a conversation is chosen by a marker in the request, its turn by the number of the
//! assistant's messages that the request holds, so that runs beside each other and runs that were resumed are answered
//! rightly without any memory here. Shapes are held to the providers' API references and to the traffic recorded in
//! 0xPlaygrounds/rig (`tests/cassettes`).
//!
//! This module refuses to know what is asked about and who asks.

mod anthropic;
mod asking;
mod capture;
mod openai;
mod play;
mod record;
mod refusal;
mod script;
mod serve;
mod spoken;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::play::Play;
use self::record::Record;
pub use self::record::{Outcome, RecordedRequest, Shape};
pub use self::script::{Answer, Arguments, Call, Conversation, Repeat, Script, ScriptError, Turn, Usage};
use crate::wire::{Port, Wire};

/// How a server is started.
#[derive(Debug, Clone)]
pub struct ModelWorld {
    /// The one key that is accepted: as a bearer token, as `api-key` and as `x-api-key`.
    pub token: String,
    /// What is answered.
    pub script: Script,
}

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The port cannot be bound.
    #[error("listen on the port")]
    Listen(#[from] std::io::Error),
    /// The script cannot be played.
    #[error("play the script")]
    Script(#[from] ScriptError),
}

/// A handle on a running server; clones name the same one. It ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct ModelServer {
    wire: Wire,
    shared: Arc<Shared>,
}

/// What requests and handles share.
#[derive(Debug)]
struct Shared {
    token: String,
    play: Mutex<Play>,
    record: Record,
}

impl ModelServer {
    /// Starts a server on any free port.
    ///
    /// # Errors
    /// When no port can be bound or the script cannot be played.
    pub async fn start(world: ModelWorld) -> Result<Self, ModelError> {
        Self::start_at(world, Port::Any).await
    }

    /// Starts a server on this port.
    ///
    /// # Errors
    /// When the port cannot be bound or the script cannot be played.
    pub async fn start_at(world: ModelWorld, port: Port) -> Result<Self, ModelError> {
        let play = Mutex::new(Play::new(world.script)?);
        let shared = Arc::new(Shared { token: world.token, play, record: Record::default() });
        let wire = Wire::serve("models", serve::router(Arc::clone(&shared)), port).await?;
        Ok(Self { wire, shared })
    }

    /// The server's base, `http://127.0.0.1:PORT`: what Anthropic's and Azure's clients are given.
    pub fn base_url(&self) -> String {
        self.wire.url()
    }

    /// The base of the OpenAI-shaped API, `http://127.0.0.1:PORT/v1`: what OpenAI's clients are given.
    pub fn openai_url(&self) -> String {
        format!("{}/v1", self.wire.url())
    }

    /// The server's wire: its record of requests with their headers, its faults, its restarts.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// What was asked of the models so far and how it ended, oldest first (the newest 10,000).
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.record.all()
    }

    /// Resolves when so many requests were recorded; an answer may still be on its way, or hang.
    pub async fn asked(&self, count: usize) {
        self.shared.record.has(count).await;
    }

    /// Where requests did not fit the script, in words, oldest first; empty when all went as written.
    pub fn mismatches(&self) -> Vec<String> {
        self.shared.record.mismatches()
    }

    /// Plays another script from now on, and forgets what was stumbled over ([`Turn::first`]).
    ///
    /// # Errors
    /// When it cannot be played; then the old one stays.
    pub fn set_script(&self, script: Script) -> Result<(), ScriptError> {
        *self.shared.play() = Play::new(script)?;
        Ok(())
    }
}

impl Shared {
    fn play(&self) -> MutexGuard<'_, Play> {
        self.play.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
