//! A bench in memory: one file, and an edit that replaces a text which stands exactly once. The real one is another room's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::ports::{Workbench, Workshop};
use domain::*;
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) const PATH: &str = "src/main/java/shop/users/UserResource.java";
pub(crate) const BEFORE: &str = "return profile.displayName().trim();";
pub(crate) const AFTER: &str = "return profile == null ? id : profile.displayName().trim();";

type Files = BTreeMap<String, String>;

/// Opens benches, and keeps with which state each was opened.
#[derive(Default)]
pub(crate) struct Shop {
    pub(crate) opened: Mutex<Vec<Option<String>>>,
    pub(crate) messages: Arc<Mutex<Vec<String>>>,
    /// What a patch is refused for, whatever was edited.
    pub(crate) refusal: Option<NoPatch>,
    /// Which edited paths are told to the reviewer.
    pub(crate) flagged: Vec<String>,
    /// Whether a saved state is known.
    pub(crate) forgetful: bool,
    /// What a faulty bench does to its patches.
    pub(crate) fault: Option<fn(&mut Patch)>,
}

struct Desk {
    files: Arc<Mutex<Files>>,
    prime: CommitSha,
    base: BranchName,
    messages: Arc<Mutex<Vec<String>>>,
    refusal: Option<NoPatch>,
    flagged: Vec<String>,
    fault: Option<fn(&mut Patch)>,
}

struct Edit(Arc<Mutex<Files>>);
struct Read(Arc<Mutex<Files>>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditArguments {
    path: String,
    old: String,
    new: String,
}

fn original() -> Files {
    Files::from([(PATH.to_owned(), format!("String get(String id) {{\n    {BEFORE}\n}}\n"))])
}

#[async_trait]
impl Workshop for Shop {
    async fn open(&self, handoff: &Handoff, state: Option<&str>) -> Result<Arc<dyn Workbench>, Failure> {
        self.opened.lock().unwrap().push(state.map(str::to_owned));
        let files = match state {
            Some(_) if self.forgetful => {
                return Err(Failure::give_up("bench-state", "open the bench: its tree is gone"));
            }
            Some(state) => serde_json::from_str(state).unwrap(),
            None => original(),
        };
        Ok(Arc::new(Desk {
            files: Arc::new(Mutex::new(files)),
            prime: handoff.suspects()[0].sha.clone(),
            base: handoff.repository().base.clone(),
            messages: Arc::clone(&self.messages),
            refusal: self.refusal.clone(),
            flagged: self.flagged.clone(),
            fault: self.fault,
        }))
    }
}

#[async_trait]
impl Workbench for Desk {
    fn tools(&self) -> Vec<Arc<dyn Tool>> {
        vec![Arc::new(Read(Arc::clone(&self.files))), Arc::new(Edit(Arc::clone(&self.files)))]
    }

    fn state(&self) -> String {
        serde_json::to_string(&*self.files.lock().unwrap()).unwrap()
    }

    async fn patch(&self, message: &str) -> Result<Result<Patch, NoPatch>, Failure> {
        self.messages.lock().unwrap().push(message.to_owned());
        if let Some(why) = &self.refusal {
            return Ok(Err(why.clone()));
        }
        let files = self.files.lock().unwrap().clone();
        if files == original() {
            return Ok(Err(NoPatch::NothingChanged));
        }
        let mut patch = Patch {
            base: self.base.clone(),
            base_commit: "e".repeat(40).parse().unwrap(),
            commit: "d".repeat(40).parse().unwrap(),
            reverts: self.prime.clone(),
            kind: PatchKind::Edits,
            files: vec![PatchedFile { path: PATH.to_owned(), added: 1, removed: 1 }],
            flagged: self.flagged.clone(),
            diff: String::new(),
        };
        if let Some(fault) = self.fault {
            fault(&mut patch);
        }
        Ok(Ok(patch))
    }
}

#[async_trait]
impl Tool for Edit {
    fn name(&self) -> &'static str {
        "edit"
    }

    fn description(&self) -> &'static str {
        "Replaces a text that stands once."
    }

    fn schema(&self) -> Value {
        let text = json!({"type": "string"});
        json!({"type": "object", "properties": {"path": text, "old": text, "new": text}, "required": ["path", "old", "new"]})
    }

    fn access(&self) -> ToolAccess {
        ToolAccess::Changes
    }

    async fn call(&self, given: Value) -> Result<ToolOutput, ToolFailure> {
        let EditArguments { path, old, new } = arguments(given)?;
        let mut files = self.0.lock().unwrap();
        let Some(text) = files.get_mut(&path) else {
            return Err(ToolFailure::Model(format!("{path} is no file of the base branch")));
        };
        match text.matches(&old).count() {
            1 => *text = text.replace(&old, &new),
            times => return Err(ToolFailure::Model(format!("`old` stands {times} times in {path}"))),
        }
        Ok(ToolOutput::whole("edited"))
    }
}

#[async_trait]
impl Tool for Read {
    fn name(&self) -> &'static str {
        "read_file"
    }

    fn description(&self) -> &'static str {
        "Shows a file."
    }

    fn schema(&self) -> Value {
        json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]})
    }

    fn access(&self) -> ToolAccess {
        ToolAccess::ReadOnly
    }

    async fn call(&self, given: Value) -> Result<ToolOutput, ToolFailure> {
        let path = given["path"].as_str().unwrap_or_default();
        let files = self.0.lock().unwrap();
        let text = files.get(path).ok_or_else(|| ToolFailure::Model(format!("{path} is no file")))?;
        Ok(ToolOutput::whole(text.clone()))
    }
}
