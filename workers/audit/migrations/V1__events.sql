-- One incarnation of a topic on one cluster; a topic made anew under its name gets another row.
CREATE TABLE streams (
    id serial PRIMARY KEY,
    cluster text NOT NULL,
    topic text NOT NULL,
    incarnation int NOT NULL,
    UNIQUE (cluster, topic, incarnation)
);

-- How far each partition is stored without a gap, and the record just before that place, by which it is known again.
CREATE TABLE progress (
    stream_id int NOT NULL REFERENCES streams,
    partition int NOT NULL,
    next_offset bigint NOT NULL,
    last_time_ms bigint,
    last_bytes bigint,
    PRIMARY KEY (stream_id, partition)
) WITH (fillfactor = 50);

-- Every record of every topic. `data` is a readable event; `bytes` is anything else, `problem` says why.
CREATE TABLE events (
    "offset" bigint NOT NULL,
    event_id uuid NOT NULL,
    root_id uuid NOT NULL,
    cause_id uuid NOT NULL,
    event_time timestamptz NOT NULL,
    record_time timestamptz NOT NULL,
    stream_id int NOT NULL,
    partition int NOT NULL,
    lane text NOT NULL,
    kind text NOT NULL,
    tenant text NOT NULL,
    ticket text NOT NULL,
    trace_id text NOT NULL,
    data jsonb,
    bytes bytea,
    problem text,
    PRIMARY KEY (stream_id, partition, "offset")
) WITH (autovacuum_vacuum_insert_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.05);

-- An event delivered twice is one row: the first in its partition. Lanes are worlds of their own.
CREATE UNIQUE INDEX events_once ON events (event_id, kind, lane) WHERE problem IS NULL;

-- An unreadable record is itself only at its own place: somebody else's id may stand in its headers.
CREATE UNIQUE INDEX events_unreadable_once ON events (event_id, kind, lane, partition, "offset", record_time)
    WHERE problem IS NOT NULL;

-- All that happened to one received event; covers the view `law`.
CREATE INDEX events_root ON events (root_id, lane, kind);

-- Not every server is built with it; the default compression does as well, only slower.
DO $$
BEGIN
    ALTER TABLE events ALTER COLUMN data SET COMPRESSION lz4;
    ALTER TABLE events ALTER COLUMN bytes SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$$;
