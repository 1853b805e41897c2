//! What bounds one run.

use std::time::Duration;

/// What bounds one run, beside the budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How often the model is asked.
    pub max_turns: u32,
    /// How long the whole run may take, restarts not counted.
    pub timeout: Duration,
    /// How long one tool may take.
    pub per_tool: Duration,
    /// How many reading tools run at once.
    pub concurrent_tools: usize,
    /// How many calls of one turn are looked at; the model is told that the rest were left out.
    pub calls_per_turn: usize,
    /// The longest result of a tool, in characters; the model is told that it was cut.
    pub result_chars: usize,
    /// The longest arguments of a call, in bytes.
    pub argument_bytes: usize,
    /// How often an answer of a wrong shape, of no shape, or for a tool that was not given goes back to the model; each kind by itself.
    pub wrong_answers: u32,
    /// How often the very same call is answered before the run stops.
    pub repeated_calls: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_turns: 12,
            timeout: Duration::from_secs(90),
            per_tool: Duration::from_secs(30),
            concurrent_tools: 4,
            calls_per_turn: 16,
            result_chars: 16_000,
            argument_bytes: 64 << 10,
            wrong_answers: 2,
            repeated_calls: 3,
        }
    }
}
