//! The journal's shape, version by version. A published migration never changes; a new one is appended.

use futures::future::BoxFuture;
use sqlx::SqlSafeStr;
use sqlx::error::BoxDynError;
use sqlx::migrate::{Migration, MigrationSource, MigrationType};

const ALL: [(i64, &str, &str); 2] = [
    (1, "first", include_str!("../migrations/0001_first.sql")),
    (2, "models", include_str!("../migrations/0002_models.sql")),
];

/// The migrations that this build knows.
#[derive(Debug)]
pub(crate) struct Known;

impl MigrationSource<'static> for Known {
    fn resolve(self) -> BoxFuture<'static, Result<Vec<Migration>, BoxDynError>> {
        let all = ALL.into_iter().map(|(version, description, sql)| {
            Migration::new(version, description.into(), MigrationType::Simple, sql.into_sql_str(), false)
        });
        let all = all.collect();
        Box::pin(async move { Ok(all) })
    }
}
