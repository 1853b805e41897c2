-- One row an incident: its state after its last event.
CREATE TABLE incidents (
    id         TEXT    NOT NULL PRIMARY KEY,
    version    INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    changed_at TEXT    NOT NULL,
    run        TEXT    NOT NULL
) STRICT;

CREATE INDEX incidents_by_change ON incidents (changed_at DESC);

-- Every event, in the order in which it was decided. The key makes a second writer of the same number fail.
CREATE TABLE events (
    incident TEXT    NOT NULL REFERENCES incidents (id),
    number   INTEGER NOT NULL,
    at       TEXT    NOT NULL,
    event    TEXT    NOT NULL,
    PRIMARY KEY (incident, number)
) STRICT, WITHOUT ROWID;

-- What the events asked for. An effect is settled by the event that carries its result.
CREATE TABLE effects (
    incident   TEXT    NOT NULL REFERENCES incidents (id),
    event      INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    effect     TEXT    NOT NULL,
    settled_by INTEGER,
    PRIMARY KEY (incident, event, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX effects_unsettled ON effects (incident, event, place) WHERE settled_by IS NULL;
