//! Tools over a case, in memory: what each answers is the test's.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::ports::CaseTools;
use domain::*;
use serde_json::{Value, json};

/// The tools of a test.
pub(crate) struct Shelf(pub(crate) Vec<Arc<Saying>>);

/// A tool that always says the same, and keeps what it was asked.
pub(crate) struct Saying {
    pub(crate) name: &'static str,
    pub(crate) access: ToolAccess,
    pub(crate) text: String,
    pub(crate) asked: Mutex<Vec<Value>>,
}

impl Saying {
    pub(crate) fn new(name: &'static str, text: &str) -> Arc<Self> {
        let asked = Mutex::new(Vec::new());
        Arc::new(Self { name, access: ToolAccess::ReadOnly, text: text.to_owned(), asked })
    }

    pub(crate) fn changing(name: &'static str) -> Arc<Self> {
        let asked = Mutex::new(Vec::new());
        Arc::new(Self { name, access: ToolAccess::Changes, text: "done".to_owned(), asked })
    }
}

impl Shelf {
    pub(crate) fn of(tools: impl IntoIterator<Item = Arc<Saying>>) -> Vec<Arc<dyn CaseTools>> {
        vec![Arc::new(Self(tools.into_iter().collect()))]
    }
}

impl CaseTools for Shelf {
    fn tools(&self, _: &Arc<CaseFile>) -> Vec<Arc<dyn Tool>> {
        self.0.iter().map(|tool| Arc::clone(tool) as Arc<dyn Tool>).collect()
    }
}

#[async_trait]
impl Tool for Saying {
    fn name(&self) -> &'static str {
        self.name
    }

    fn description(&self) -> &'static str {
        "Says what a test wants it to say."
    }

    fn schema(&self) -> Value {
        json!({"type": "object", "properties": {"exhibit": {"type": "string"}}})
    }

    fn access(&self) -> ToolAccess {
        self.access
    }

    async fn call(&self, arguments: Value) -> Result<ToolOutput, ToolFailure> {
        self.asked.lock().unwrap().push(arguments);
        Ok(ToolOutput::whole(self.text.clone()))
    }
}
