//! The models that agents ask: where each is, what it costs, and what it was used for.
//!
//! Refuses to know what is asked, and how often.

mod fault;
mod listing;
mod meter;
mod pace;
mod provider;
mod settings;
mod transport;

use std::sync::Arc;

use domain::{Failure, Price};
use rig_core::DynModel;
use rig_core::completion::{CompletionRequest, CompletionResponse};
use rig_core::operation::Completion;

pub(crate) use fault::Fault;
pub use listing::{Listed, listed};
pub use meter::Meter;
pub(crate) use pace::Pace;
pub use settings::{Authorities, ModelSettings, Provider};

/// A model that can be asked. Clones are cheap, and share their connections.
#[derive(Clone)]
pub struct Model {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    model: String,
    price: Price,
    max_output_tokens: u32,
    handle: DynModel<Completion>,
}

impl Model {
    /// A model as the file describes it. Nothing is asked yet; settings that cannot work are a failure that a person can mend.
    pub fn connect(settings: ModelSettings) -> Result<Self, Failure> {
        Self::paced(settings, Pace::default())
    }

    /// [`Model::connect`] with another patience for a provider that is busy.
    pub(crate) fn paced(settings: ModelSettings, pace: Pace) -> Result<Self, Failure> {
        let handle = provider::connect(&settings, pace)?;
        let inner = Inner {
            name: settings.name,
            model: settings.model,
            price: settings.price,
            max_output_tokens: settings.max_output_tokens,
            handle,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Its name in the file, for people and for counts.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// What the provider calls it.
    pub fn model(&self) -> &str {
        &self.inner.model
    }

    /// What it charges.
    pub fn price(&self) -> Price {
        self.inner.price
    }

    /// The most tokens that it may write in one answer.
    pub fn max_output_tokens(&self) -> u32 {
        self.inner.max_output_tokens
    }

    /// Asks, once; the transport asks again where that can help and nothing was charged.
    pub(crate) async fn ask(&self, request: CompletionRequest) -> Result<CompletionResponse, Fault> {
        self.inner.handle.call(request).await.map_err(|error| {
            let code = Fault::code(&error);
            let fault = Fault::of(error);
            tracing::warn!(%fault, code, "the model gave no answer");
            fault
        })
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("name", &self.inner.name).field("model", &self.inner.model).finish()
    }
}
