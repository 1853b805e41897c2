//! The journal and the case files, as JSON.

use async_trait::async_trait;
use domain::ports::{CaseStore, Journal, PendingEffect, RecordedEvent, Step};
use domain::workflow::Run;
use domain::{CaseFile, CaseId, Failure, IncidentId};

use super::Hold;

#[async_trait]
impl Journal for Hold {
    async fn load(&self, incident: &IncidentId) -> Result<Option<Run>, Failure> {
        self.call("load").await?;
        Ok(self.world.state().run(incident))
    }

    async fn runs(&self) -> Result<Vec<Run>, Failure> {
        self.call("runs").await?;
        let state = self.world.state();
        Ok(state.journal.keys().filter_map(|id| state.run(id)).collect())
    }

    async fn commit(&self, step: &Step) -> Result<(), Failure> {
        self.write("commit", |state| {
            let known = state.run(&step.run.id).map_or(0, |run| run.version);
            if step.run.version != known + 1 {
                return Err(Failure::retry(
                    "conflict",
                    format!("write step {}: it is there", step.run.version),
                ));
            }
            let run = serde_json::to_string(&step.run).unwrap();
            let event = serde_json::to_string(&step.event).unwrap();
            let entry = state.journal.entry(step.run.id.clone()).or_default();
            entry.0 = run;
            entry.1.push((step.at, event));
            if let Some(settled) = &step.settles {
                state.pending.remove(settled).expect("an effect has one result");
            }
            for (index, effect) in (0..).zip(&step.effects) {
                let id =
                    domain::ports::EffectId { incident: step.run.id.clone(), event: step.run.version, index };
                state.pending.insert(id, serde_json::to_string(effect).unwrap());
            }
            if state.lies {
                Err(Failure::retry("cut", "write the journal: cut after it was written"))
            } else {
                Ok(())
            }
        })
        .await
    }

    async fn pending(&self) -> Result<Vec<PendingEffect>, Failure> {
        self.call("pending").await?;
        let state = self.world.state();
        let pending = state.pending.iter().map(|(id, effect)| PendingEffect {
            id: id.clone(),
            effect: serde_json::from_str(effect).unwrap(),
        });
        Ok(pending.collect())
    }

    async fn history(&self, incident: &IncidentId) -> Result<Vec<RecordedEvent>, Failure> {
        self.call("history").await?;
        let state = self.world.state();
        let events = state.journal.get(incident).map(|(_, events)| events.clone()).unwrap_or_default();
        let recorded = (1..).zip(events).map(|(number, (at, event))| RecordedEvent {
            number,
            at,
            event: serde_json::from_str(&event).unwrap(),
        });
        Ok(recorded.collect())
    }
}

#[async_trait]
impl CaseStore for Hold {
    async fn put(&self, case: &CaseFile) -> Result<CaseId, Failure> {
        let bytes = case.to_bytes().unwrap();
        let id = CaseFile::id_of(&bytes);
        self.write("put", |state| {
            state.cases.insert(id.clone(), bytes);
            Ok(id)
        })
        .await
    }

    async fn get(&self, id: &CaseId) -> Result<CaseFile, Failure> {
        self.call("get").await?;
        let state = self.world.state();
        let bytes = state.cases.get(id).ok_or_else(|| Failure::give_up("no-case", "read the case"))?;
        Ok(serde_json::from_slice(bytes).unwrap())
    }
}
