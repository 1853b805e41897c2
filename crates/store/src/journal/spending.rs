//! The ledger: what models cost, in the journal's file, so that no restart forgets it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ports::{Ledger, Reservation};
use domain::{Budget, Cost, Failure, IncidentId, OverBudget};
use sqlx::{Connection, SqliteConnection};

use super::{SqliteJournal, rows};
use crate::error::Error;

/// A call is never booked with more than this, so that no sum overflows: a billion dollars, a million billion tokens.
const MOST: u64 = 1_000_000_000_000_000;

impl SqliteJournal {
    async fn hold_back(
        &self,
        connection: &mut SqliteConnection,
        incident: &IncidentId,
        worst: Cost,
        at: DateTime<Utc>,
        budget: &Budget,
    ) -> Result<Result<Reservation, OverBudget>, Error> {
        let failed = |source| self.failed(source);
        let day = at.date_naive().to_string();
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let of_incident: i64 =
            sqlx::query_scalar("SELECT coalesce(sum(micro_usd), 0) FROM spending WHERE incident = ?")
                .bind(incident.as_str())
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed)?;
        let of_day: i64 =
            sqlx::query_scalar("SELECT coalesce(sum(micro_usd), 0) FROM spending WHERE day = ?")
                .bind(&day)
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed)?;
        let exceeds = |spent: i64, limit: u64| rows::unsigned(spent).saturating_add(worst.micro_usd) > limit;
        if exceeds(of_incident, budget.per_incident_micro_usd) {
            return Ok(Err(OverBudget::Incident));
        }
        if exceeds(of_day, budget.per_day_micro_usd) {
            return Ok(Err(OverBudget::Day));
        }
        let inserted = sqlx::query(
            "INSERT INTO spending (incident, day, input_tokens, output_tokens, micro_usd) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(incident.as_str())
        .bind(day)
        .bind(amount(worst.input_tokens))
        .bind(amount(worst.output_tokens))
        .bind(amount(worst.micro_usd))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(Ok(Reservation { number: rows::unsigned(inserted.last_insert_rowid()) }))
    }
}

#[async_trait]
impl Ledger for SqliteJournal {
    async fn reserve(
        &self,
        incident: &IncidentId,
        worst: Cost,
        at: DateTime<Utc>,
        budget: &Budget,
    ) -> Result<Result<Reservation, OverBudget>, Failure> {
        let mut connection = self.pool.acquire().await.map_err(|source| self.failed(source))?;
        let answer = self.hold_back(&mut connection, incident, worst, at, budget).await;
        Ok(Self::hand_back(connection, answer)?)
    }

    /// A call is settled once: what a repeated settlement says changes nothing.
    async fn settle(&self, reservation: &Reservation, actual: Cost) -> Result<(), Failure> {
        let mut connection = self.pool.acquire().await.map_err(|source| self.failed(source))?;
        let query = sqlx::query(
            "UPDATE spending SET input_tokens = ?, output_tokens = ?, micro_usd = ?, settled = 1
             WHERE number = ? AND settled = 0",
        )
        .bind(amount(actual.input_tokens))
        .bind(amount(actual.output_tokens))
        .bind(amount(actual.micro_usd))
        .bind(rows::number(reservation.number));
        let done = query.execute(&mut *connection).await.map(|_| ()).map_err(|source| self.failed(source));
        Ok(Self::hand_back(connection, done)?)
    }

    async fn spent(&self, incident: &IncidentId) -> Result<Cost, Failure> {
        let (input, output, money): (i64, i64, i64) = sqlx::query_as(
            "SELECT coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(micro_usd), 0)
             FROM spending WHERE incident = ?",
        )
        .bind(incident.as_str())
        .fetch_one(&self.pool)
        .await
        .map_err(|source| self.failed(source))?;
        Ok(Cost {
            input_tokens: rows::unsigned(input),
            output_tokens: rows::unsigned(output),
            micro_usd: rows::unsigned(money),
        })
    }
}

fn amount(value: u64) -> i64 {
    rows::number(value.min(MOST))
}
