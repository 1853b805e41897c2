//! Answers at once from what is known: for callers that cannot wait, such as the Rollouts controller's built-in web provider. What takes longer
//! goes on in the background, and the next call finds it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use domain::ports::Glance;
use domain::workflow::Trigger;
use domain::{AttemptNumber, GateAnswer, GateRefusal, GateRequest, IncidentIdentity};
use futures::future::{BoxFuture, FutureExt, Shared};
use tokio::time::Instant;

use super::subject::AttemptSubject;
use super::verdict::{self, Standing};
use super::{Door, HARD_LIMIT, ours};

/// No glance takes longer: the web provider's `timeoutSeconds` is 10 by default, and people lower it.
const LIMIT: Duration = Duration::from_secs(2);
/// A yes from the background is believed for so long: longer than the 10 s after which the controller asks again (argoproj/argo-rollouts,
/// `DefaultErrorRetryInterval`), and not much longer, since it speaks of a canary that goes on. A no is always looked up anew.
const FRESH: Duration = Duration::from_secs(12);

type Settling = Shared<BoxFuture<'static, Result<GateAnswer, GateRefusal>>>;
type Key = (IncidentIdentity, AttemptNumber);

/// Answers in work, and those just found, one for each attempt.
#[derive(Default)]
pub(super) struct Glances(Mutex<HashMap<Key, InWork>>);

#[derive(Clone)]
struct InWork {
    answer: Settling,
    done_at: Arc<OnceLock<Instant>>,
}

impl Door {
    pub(super) async fn glance_at(
        &self,
        request: &GateRequest,
        about: &mut Option<AttemptSubject>,
    ) -> Result<Glance, GateRefusal> {
        let until = Instant::now() + LIMIT;
        let find = tokio::time::timeout_at(until, self.find(request, Trigger::WebMetric, about)).await;
        let subject = find.unwrap_or_else(|_| {
            Err(ours(&format!("the API server did not answer within {} s; ask again", LIMIT.as_secs())))
        })?;
        let stands = verdict::stands(&self.around, &subject).await;
        let answer = match stands.map_err(|failure| self.broken(&failure))? {
            Standing::Incident => {
                tokio::time::timeout_at(until, verdict::wait(&self.around, &subject)).await.ok()
            }
            Standing::Nothing => self.in_background(&subject, until).await,
        };
        answer.map_or(Ok(Glance::NotYet), |answer| answer.map(Glance::Known))
    }

    /// The answer of the work in the background, begun where there is none; `None` when it is not done in time.
    async fn in_background(
        &self,
        subject: &AttemptSubject,
        until: Instant,
    ) -> Option<Result<GateAnswer, GateRefusal>> {
        let key = (subject.identity.clone(), subject.attempt);
        let work = self.glances.join(&key, || self.begin(subject.clone()));
        let answer = tokio::time::timeout_at(until, work.answer).await.ok()?;
        if answer.is_err() {
            // An error is told once: the next call is a new try.
            self.glances.forget(&key, &work.done_at);
        }
        Some(answer)
    }

    fn begin(&self, subject: AttemptSubject) -> InWork {
        let door = self.clone();
        let done_at = Arc::new(OnceLock::new());
        let done = done_at.clone();
        let work = async move {
            let answer = tokio::select! {
                answer = tokio::time::timeout(HARD_LIMIT, door.settle(&subject)) => answer,
                () = door.around.stopping.cancelled() => Ok(Err(ours("the daemon is stopping; ask again"))),
            };
            let _ = done.set(Instant::now());
            answer.unwrap_or_else(|_| Err(ours("no answer in time; ask again")))
        };
        let answer = work.boxed().shared();
        // It goes on although nobody waits; whoever asks next is told what came of it.
        drop(tokio::spawn(answer.clone()));
        InWork { answer, done_at }
    }
}

impl Glances {
    fn join(&self, key: &Key, begin: impl FnOnce() -> InWork) -> InWork {
        let mut all = self.all();
        all.retain(|_, work| work.done_at.get().is_none_or(|at| at.elapsed() < FRESH));
        all.entry(key.clone()).or_insert_with(begin).clone()
    }

    fn forget(&self, key: &Key, told: &Arc<OnceLock<Instant>>) {
        let mut all = self.all();
        if all.get(key).is_some_and(|work| Arc::ptr_eq(&work.done_at, told)) {
            all.remove(key);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, InWork>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
