//! The journal in SQLite.

mod checkpoints;
mod finished;
mod rows;
mod spending;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{Journal, PendingEffect, RecordedEvent, Step};
use domain::workflow::Run;
use domain::{Failure, IncidentId};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Executor, Sqlite, SqliteConnection, Transaction};

use crate::error::Error;
use crate::migrations::Known;

/// How long a reader or writer waits for another of this file.
const BUSY: Duration = Duration::from_secs(5);

/// A journal that only one process writes; see [`crate::Lock`].
#[derive(Debug, Clone)]
pub struct SqliteJournal {
    path: PathBuf,
    pool: SqlitePool,
}

impl SqliteJournal {
    /// Opens the journal for writing, makes it where it is absent, brings its shape up to date, and checks it.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let journal = Self::connect(path, options).await?;
        journal.check().await?;
        journal.migrate().await?;
        Ok(journal)
    }

    /// Like [`Self::open`], for tests of a full disk: the file may not grow beyond `pages` more than SQLite needs for it now.
    #[doc(hidden)]
    pub async fn open_with_limit(path: &Path, pages: u32) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY)
            .pragma("max_page_count", pages.to_string());
        Self::connect(path, options).await
    }

    /// Opens the journal for reading beside a daemon that writes it.
    pub async fn read_only(path: &Path) -> Result<Self, Error> {
        if !path.is_file() {
            return Err(Error::Absent { path: path.to_owned() });
        }
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
        let journal = Self::connect(path, options).await?;
        journal.check().await?;
        Ok(journal)
    }

    /// Writes what is left in the write-ahead log and closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn connect(path: &Path, options: SqliteConnectOptions) -> Result<Self, Error> {
        let pool = SqlitePoolOptions::new()
            .max_connections(2)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await
            .map_err(|source| unusable(path, source))?;
        Ok(Self { path: path.to_owned(), pool })
    }

    async fn check(&self) -> Result<(), Error> {
        let answer: String = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_one(&self.pool)
            .await
            .map_err(|source| unusable(&self.path, source))?;
        if answer == "ok" {
            return Ok(());
        }
        Err(Error::Damaged { path: self.path.clone(), source: answer.into() })
    }

    async fn migrate(&self) -> Result<(), Error> {
        let migrator = Migrator::new(Known).await.map_err(|error| self.unmigrated(error))?;
        migrator.run(&self.pool).await.map_err(|error| self.unmigrated(error))
    }

    fn unmigrated(&self, error: MigrateError) -> Error {
        let path = self.path.clone();
        match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => Error::Newer { path },
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
                unusable(&path, source)
            }
            other => Error::Damaged { path, source: Box::new(other) },
        }
    }

    fn failed(&self, source: sqlx::Error) -> Error {
        unusable(&self.path, source)
    }

    async fn write(&self, step: &Step) -> Result<(), Error> {
        let mut connection = self.pool.acquire().await.map_err(|source| self.failed(source))?;
        let written = self.write_on(&mut connection, step).await;
        Self::hand_back(connection, written)
    }

    /// Gives a connection back to the pool, unless the database refused on it. On a full disk SQLite ends the transaction by itself
    /// (<https://sqlite.org/lang_transaction.html>), of which sqlx does not know: it would refuse to begin another one on this connection for ever.
    fn hand_back<T>(mut connection: PoolConnection<Sqlite>, result: Result<T, Error>) -> Result<T, Error> {
        if matches!(result, Err(Error::Database { .. })) {
            connection.close_on_drop();
        }
        result
    }

    async fn write_on(&self, connection: &mut SqliteConnection, step: &Step) -> Result<(), Error> {
        let begun = connection.begin_with("BEGIN IMMEDIATE").await;
        let mut transaction = begun.map_err(|source| self.failed(source))?;
        self.write_incident(&mut transaction, step).await?;
        self.write_event(&mut transaction, step).await?;
        self.write_effects(&mut transaction, step).await?;
        transaction.commit().await.map_err(|source| self.failed(source))
    }

    /// The update names the version before it, so that a second writer changes no row.
    async fn write_incident(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        step: &Step,
    ) -> Result<(), Error> {
        let run = rows::encode("the incident", &step.run)?;
        let query = sqlx::query(
            "INSERT INTO incidents (id, version, state, changed_at, run) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET version = ?2, state = ?3, changed_at = ?4, run = ?5 WHERE version = ?2 - 1",
        )
        .bind(step.run.id.as_str())
        .bind(rows::number(step.run.version))
        .bind(step.run.state.name().to_string())
        .bind(step.at.to_rfc3339())
        .bind(run);
        let done = transaction.execute(query).await.map_err(|source| self.failed(source))?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(conflict(step)) }
    }

    async fn write_event(&self, transaction: &mut Transaction<'_, Sqlite>, step: &Step) -> Result<(), Error> {
        let query = sqlx::query("INSERT INTO events (incident, number, at, event) VALUES (?, ?, ?, ?)")
            .bind(step.run.id.as_str())
            .bind(rows::number(step.run.version))
            .bind(step.at.to_rfc3339())
            .bind(rows::encode("the event", &step.event)?);
        match transaction.execute(query).await {
            Ok(_) => Ok(()),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Err(conflict(step)),
            Err(source) => Err(self.failed(source)),
        }
    }

    async fn write_effects(
        &self,
        transaction: &mut Transaction<'_, Sqlite>,
        step: &Step,
    ) -> Result<(), Error> {
        for (place, effect) in (0_i64..).zip(&step.effects) {
            let query =
                sqlx::query("INSERT INTO effects (incident, event, place, effect) VALUES (?, ?, ?, ?)")
                    .bind(step.run.id.as_str())
                    .bind(rows::number(step.run.version))
                    .bind(place)
                    .bind(rows::encode("the effect", effect)?);
            transaction.execute(query).await.map_err(|source| self.failed(source))?;
        }
        if let Some(settled) = &step.settles {
            let query = sqlx::query(
                "UPDATE effects SET settled_by = ? WHERE incident = ? AND event = ? AND place = ? AND settled_by IS NULL",
            )
            .bind(rows::number(step.run.version))
            .bind(settled.incident.as_str())
            .bind(rows::number(settled.event))
            .bind(i64::from(settled.index));
            transaction.execute(query).await.map_err(|source| self.failed(source))?;
        }
        Ok(())
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn load(&self, incident: &IncidentId) -> Result<Option<Run>, Failure> {
        let row: Option<String> = sqlx::query_scalar("SELECT run FROM incidents WHERE id = ?")
            .bind(incident.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(|source| self.failed(source))?;
        Ok(row.map(|text| rows::decode(&format!("incident {incident}"), &text)).transpose()?)
    }

    async fn runs(&self) -> Result<Vec<Run>, Failure> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT id, run FROM incidents ORDER BY changed_at DESC, id")
                .fetch_all(&self.pool)
                .await
                .map_err(|source| self.failed(source))?;
        let runs: Result<Vec<Run>, Error> =
            rows.iter().map(|(id, text)| rows::decode(&format!("incident {id}"), text)).collect();
        Ok(runs?)
    }

    async fn commit(&self, step: &Step) -> Result<(), Failure> {
        Ok(self.write(step).await?)
    }

    async fn pending(&self) -> Result<Vec<PendingEffect>, Failure> {
        let rows: Vec<(String, i64, i64, String)> = sqlx::query_as(
            "SELECT f.incident, f.event, f.place, f.effect FROM effects f
             JOIN events e ON e.incident = f.incident AND e.number = f.event
             WHERE f.settled_by IS NULL ORDER BY e.at, f.incident, f.event, f.place",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(|source| self.failed(source))?;
        let pending: Result<Vec<PendingEffect>, Error> = rows.into_iter().map(rows::pending).collect();
        Ok(pending?)
    }

    async fn history(&self, incident: &IncidentId) -> Result<Vec<RecordedEvent>, Failure> {
        let rows: Vec<(i64, String, String)> =
            sqlx::query_as("SELECT number, at, event FROM events WHERE incident = ? ORDER BY number")
                .bind(incident.as_str())
                .fetch_all(&self.pool)
                .await
                .map_err(|source| self.failed(source))?;
        let history: Result<Vec<RecordedEvent>, Error> = rows.into_iter().map(rows::recorded).collect();
        Ok(history?)
    }
}

fn conflict(step: &Step) -> Error {
    Error::Conflict { incident: step.run.id.clone(), number: step.run.version }
}

/// A database error that says the file is damaged or no database becomes [`Error::Damaged`]
/// (`SQLITE_CORRUPT` 11, `SQLITE_NOTADB` 26; extended codes carry the primary one in their low byte).
fn unusable(path: &Path, source: sqlx::Error) -> Error {
    let code = match &source {
        sqlx::Error::Database(database) => database.code().and_then(|code| code.parse::<i32>().ok()),
        _ => None,
    };
    match code.map(|code| code & 0xff) {
        Some(11 | 26) => Error::Damaged { path: path.to_owned(), source: Box::new(source) },
        _ => Error::Database { path: path.to_owned(), source },
    }
}
