//! What the journal knows of incidents that have ended, and how it forgets them.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ports::Journal;
use domain::workflow::{Event, Run};
use domain::{CaseId, Failure, IncidentId};
use sqlx::{Connection, SqliteConnection};

use super::SqliteJournal;
use crate::error::Error;

/// A checkpoint that nobody came back to for so long belongs to a run that will not go on.
const CHECKPOINTS_LAST: TimeDelta = TimeDelta::days(7);

/// An incident with nothing left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finished {
    /// Its id.
    pub(crate) incident: IncidentId,
    /// When it last changed.
    pub(crate) changed_at: DateTime<Utc>,
    /// Its case files, of all attempts.
    pub(crate) cases: Vec<CaseId>,
}

/// What there is in the journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Inventory {
    /// Incidents with nothing left to do, oldest first.
    pub(crate) finished: Vec<Finished>,
    /// Case files of the others, which stay.
    pub(crate) open_cases: Vec<CaseId>,
}

impl SqliteJournal {
    /// What is finished and what is not. An incident with an effect that has no result yet is not.
    pub(crate) async fn inventory(&self) -> Result<Inventory, Failure> {
        let pending = self.pending().await?;
        let mut inventory = Inventory::default();
        for run in self.runs().await? {
            let cases = self.cases_of(&run).await?;
            let busy = pending.iter().any(|effect| effect.id.incident == run.id);
            if run.state.name().is_final() && !busy {
                let Run { id: incident, changed_at, .. } = run;
                inventory.finished.push(Finished { incident, changed_at, cases });
            } else {
                inventory.open_cases.extend(cases);
            }
        }
        inventory.finished.reverse();
        Ok(inventory)
    }

    async fn cases_of(&self, run: &Run) -> Result<Vec<CaseId>, Failure> {
        let history = self.history(&run.id).await?;
        let frozen = history.into_iter().filter_map(|recorded| match recorded.event {
            Event::CaseFrozen { case, .. } => Some(case),
            _ => None,
        });
        Ok(frozen.collect())
    }

    /// Forgets an incident unless it has changed since it was found finished. Says whether it did.
    pub(crate) async fn forget(&self, finished: &Finished) -> Result<bool, Failure> {
        let mut connection = self.pool.acquire().await.map_err(|source| self.failed(source))?;
        let forgotten = self.forget_on(&mut connection, finished).await;
        Ok(Self::hand_back(connection, forgotten)?)
    }

    async fn forget_on(&self, connection: &mut SqliteConnection, finished: &Finished) -> Result<bool, Error> {
        let failed = |source| self.failed(source);
        let id = finished.incident.as_str();
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let unchanged: Option<String> =
            sqlx::query_scalar("SELECT id FROM incidents WHERE id = ? AND changed_at = ?")
                .bind(id)
                .bind(finished.changed_at.to_rfc3339())
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failed)?;
        if unchanged.is_none() {
            return Ok(false);
        }
        for delete in [
            "DELETE FROM spending WHERE incident = ?",
            "DELETE FROM effects WHERE incident = ?",
            "DELETE FROM events WHERE incident = ?",
            "DELETE FROM incidents WHERE id = ?",
        ] {
            sqlx::query(delete).bind(id).execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    /// Forgets checkpoints that nobody came back to.
    pub(crate) async fn forget_checkpoints(&self, now: DateTime<Utc>) -> Result<(), Failure> {
        let mut connection = self.pool.acquire().await.map_err(|source| self.failed(source))?;
        let done = sqlx::query("DELETE FROM checkpoints WHERE saved_at < ?")
            .bind((now - CHECKPOINTS_LAST).timestamp())
            .execute(&mut *connection)
            .await
            .map(|_| ())
            .map_err(|source| self.failed(source));
        Ok(Self::hand_back(connection, done)?)
    }
}
