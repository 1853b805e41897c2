//! One call to the model: written, held back for, sent, settled.

use std::io::{self, Write};

use domain::{Cost, Price};
use rig_core::completion::{CompletionRequest, Message, ToolDefinition};
use rig_core::completion::{CompletionResponse, Usage};

use super::stopped::Why;
use super::{Crew, Task};
use crate::models::Fault;

/// Bytes of a request per token, at the least: providers' tokenizers take three to four bytes of English, code or JSON for a
/// token, and about two of the scripts that they know least.
const BYTES_PER_TOKEN: u64 = 2;
/// What providers put around a request: their words about tools, separators.
const FRAME_TOKENS: u64 = 1_000;

/// A call that was answered, or why not, and what it costs.
pub(super) struct Asked {
    pub answer: Result<CompletionResponse, Fault>,
    pub cost: Cost,
}

/// The request for a turn.
pub(super) fn write(
    crew: &Crew,
    system: &str,
    tools: &[ToolDefinition],
    prompt: Message,
    history: Vec<Message>,
) -> CompletionRequest {
    CompletionRequest::new(prompt)
        .messages(std::iter::once(Message::system(system)).chain(history))
        .max_tokens(u64::from(crew.model.max_output_tokens()))
        .tools(tools.to_vec())
}

/// The most that a request can cost: every byte counted, every token written that may be.
pub(super) fn worst(price: Price, request: &CompletionRequest, max_output_tokens: u32) -> Cost {
    let mut counter = Counter(0);
    let sizes = serde_json::to_writer(&mut counter, &request.chat_history)
        .and_then(|()| serde_json::to_writer(&mut counter, &request.tools));
    let bytes = if sizes.is_ok() { counter.0 } else { u64::MAX };
    let input = (bytes / BYTES_PER_TOKEN).saturating_add(FRAME_TOKENS);
    price.of(input, u64::from(max_output_tokens))
}

/// Holds back the worst case, asks, and settles with what was reported. Where nothing was reported, or the answer broke off, the
/// worst case stays; where nothing was answered, nothing does. `held` is set while the call is under way, for a run that is
/// stopped meanwhile.
pub(super) async fn ask(
    crew: &Crew,
    task: &Task<'_>,
    request: CompletionRequest,
    held: &mut Cost,
) -> Result<Asked, Why> {
    let price = crew.model.price();
    let worst = worst(price, &request, crew.model.max_output_tokens());
    let reservation = crew
        .ledger
        .reserve(task.incident, worst, (crew.now)(), &crew.budget)
        .await
        .map_err(Why::Failed)??;
    *held = worst;
    let answer = crew.model.ask(request).await;
    let actual = match &answer {
        Ok(answer) => reported(price, &answer.usage),
        Err(fault) if fault.may_cost() => None,
        Err(_) => Some(Cost::default()),
    };
    if let Some(actual) = actual {
        crew.ledger.settle(&reservation, actual).await.map_err(Why::Failed)?;
    }
    let cost = actual.unwrap_or(worst);
    *held = Cost::default();
    match answer {
        Ok(_) => crew.meter.answered(crew.model.name(), cost),
        Err(_) => crew.meter.failed(crew.model.name()),
    }
    Ok(Asked { answer, cost })
}

/// What a provider says that a call used, cached tokens at the full price; nothing where it says nothing.
fn reported(price: Price, usage: &Usage) -> Option<Cost> {
    let (input, output) = (usage.input_tokens?, usage.output_tokens?);
    (input > 0 || output > 0).then(|| price.of(input, output))
}

struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
