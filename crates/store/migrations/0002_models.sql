-- What calls to models cost. A row is written with the most that a call can cost, before it is made, and corrected afterwards.
CREATE TABLE spending (
    number        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    incident      TEXT    NOT NULL,
    day           TEXT    NOT NULL,
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    micro_usd     INTEGER NOT NULL,
    settled       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX spending_by_incident ON spending (incident);
CREATE INDEX spending_by_day ON spending (day);

-- Where an agent's run has come to; removed when it has ended.
CREATE TABLE checkpoints (
    key      TEXT    NOT NULL PRIMARY KEY,
    saved_at INTEGER NOT NULL DEFAULT (unixepoch()),
    state    BLOB    NOT NULL
) STRICT;
