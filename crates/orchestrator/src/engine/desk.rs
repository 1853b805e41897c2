//! One desk per incident: its last written state, and the place of its single writer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use domain::IncidentId;
use domain::workflow::Run;
use tokio::sync::watch;

/// An incident's place in memory. It lives as long as somebody works on the incident or waits for it.
pub(super) struct Desk {
    /// The incident.
    pub(super) incident: IncidentId,
    /// Held by the one who writes the next step.
    pub(super) writer: tokio::sync::Mutex<()>,
    state: watch::Sender<Option<Arc<Run>>>,
}

impl Desk {
    /// The last written state, where it was read or written since the desk is there.
    pub(super) fn known(&self) -> Option<Arc<Run>> {
        self.state.borrow().clone()
    }

    /// Shows a written state to everyone who waits; an older one than is known changes nothing.
    pub(super) fn show(&self, run: Arc<Run>) {
        self.state.send_if_modified(|known| {
            let newer = known.as_ref().is_none_or(|known| known.version < run.version);
            if newer {
                *known = Some(run);
            }
            newer
        });
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Option<Arc<Run>>> {
        self.state.subscribe()
    }
}

/// All desks. Those that nobody holds are forgotten; the journal knows their state.
#[derive(Default)]
pub(super) struct Desks(Mutex<HashMap<IncidentId, Weak<Desk>>>);

impl Desks {
    /// The incident's desk; the same for everyone as long as one holds it.
    pub(super) fn of(&self, incident: &IncidentId) -> Arc<Desk> {
        let mut desks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = desks.get(incident).and_then(Weak::upgrade) {
            return desk;
        }
        desks.retain(|_, desk| desk.strong_count() > 0);
        let desk = Arc::new(Desk {
            incident: incident.clone(),
            writer: tokio::sync::Mutex::new(()),
            state: watch::channel(None).0,
        });
        desks.insert(incident.clone(), Arc::downgrade(&desk));
        desk
    }
}
