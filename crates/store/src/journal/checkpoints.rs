//! Where agents' runs have come to, in the journal's file.

use async_trait::async_trait;
use domain::Failure;
use domain::ports::Checkpoints;

use super::SqliteJournal;

/// The largest state that is kept, as the port says.
const LARGEST: usize = 8 << 20;

#[async_trait]
impl Checkpoints for SqliteJournal {
    async fn load(&self, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        let state = sqlx::query_scalar("SELECT state FROM checkpoints WHERE key = ?")
            .bind(key)
            .fetch_optional(&self.pool)
            .await
            .map_err(|source| self.failed(source))?;
        Ok(state)
    }

    async fn save(&self, key: &str, state: &[u8]) -> Result<(), Failure> {
        if state.len() > LARGEST {
            let what = format!(
                "keep the checkpoint {key}: it has {} bytes, at most {LARGEST} are kept",
                state.len()
            );
            return Err(Failure::give_up("checkpoint-size", what));
        }
        let mut connection = self.pool.acquire().await.map_err(|source| self.failed(source))?;
        let done = sqlx::query("INSERT OR REPLACE INTO checkpoints (key, state) VALUES (?, ?)")
            .bind(key)
            .bind(state)
            .execute(&mut *connection)
            .await
            .map(|_| ())
            .map_err(|source| self.failed(source));
        Ok(Self::hand_back(connection, done)?)
    }

    async fn clear(&self, key: &str) -> Result<(), Failure> {
        let mut connection = self.pool.acquire().await.map_err(|source| self.failed(source))?;
        let done = sqlx::query("DELETE FROM checkpoints WHERE key = ?")
            .bind(key)
            .execute(&mut *connection)
            .await
            .map(|_| ())
            .map_err(|source| self.failed(source));
        Ok(Self::hand_back(connection, done)?)
    }
}
