//! The two statements of a batch, with their values by column.

use chrono::{DateTime, Utc};
use shared::database::DatabaseError;
use tokio_postgres::{Client, Statement, types::ToSql};
use uuid::Uuid;

use crate::{row::Body, store::Entry};

const INSERT: &str = r#"
    INSERT INTO events (stream_id, partition, "offset", event_id, root_id, cause_id, lane, kind, tenant, ticket,
        event_time, record_time, trace_id, data, bytes, problem)
    SELECT stream, part, place, event, root, cause, lane, kind, tenant, ticket, event_at, record_at, trace,
        json::jsonb, bytes, problem
    FROM unnest($1::int[], $2::int[], $3::bigint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::text[], $15::bytea[],
        $16::text[])
        AS rows (stream, part, place, event, root, cause, lane, kind, tenant, ticket, event_at, record_at, trace,
            json, bytes, problem)
    ON CONFLICT DO NOTHING"#;

const MOVE: &str = "
    UPDATE progress SET next_offset = moves.next, last_time_ms = moves.time_ms, last_bytes = moves.bytes
    FROM unnest($1::int[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
        AS moves (stream, part, expected, next, time_ms, bytes)
    WHERE progress.stream_id = moves.stream AND progress.partition = moves.part
        AND progress.next_offset = moves.expected";

/// The statements, prepared on one connection.
pub(crate) struct Statements {
    insert: Statement,
    advance: Statement,
}

impl Statements {
    pub(crate) async fn prepare(client: &Client) -> Result<Self, DatabaseError> {
        Ok(Self { insert: client.prepare(INSERT).await?, advance: client.prepare(MOVE).await? })
    }

    /// Writes rows and moves, all or nothing. The first three statements are on their way together.
    pub(crate) async fn commit(
        &self,
        client: &Client,
        rows: &Rows<'_>,
        moves: &Moves,
    ) -> Result<(), DatabaseError> {
        let (moved, rows) = (moves.params(), rows.params());
        let written = futures::future::try_join3(
            client.batch_execute("BEGIN"),
            client.execute(&self.advance, &moved),
            client.execute(&self.insert, &rows),
        );
        let outcome = match written.await {
            Ok(((), moved, _)) if moved == moves.len() => return Ok(client.batch_execute("COMMIT").await?),
            Ok(_) => DatabaseError::Contested,
            Err(error) => error.into(),
        };
        if matches!(outcome, DatabaseError::Away(_)) {
            // The connection is given up, and the transaction with it.
            return Err(outcome);
        }
        client.batch_execute("ROLLBACK").await?;
        Err(outcome)
    }
}

/// Declares columns of values, and how they become a statement's parameters.
macro_rules! columns {
    ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)? { $($column:ident: $value:ty,)* }) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(crate) struct $name $(<$life>)? { $($column: Vec<$value>,)* }

        impl $(<$life>)? $name $(<$life>)? {
            fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
                vec![$(&self.$column),*]
            }
        }
    };
}

columns! {
    /// Rows by column, in the order of [`INSERT`]'s parameters.
    Rows<'a> {
        stream: i32, partition: i32, offset: i64, event: Uuid, root: Uuid, cause: Uuid, lane: &'a str, kind: &'a str,
        tenant: &'a str, ticket: &'a str, event_time: DateTime<Utc>, record_time: DateTime<Utc>, trace: &'a str,
        json: Option<&'a str>, bytes: Option<&'a [u8]>, problem: Option<&'a str>,
    }
}

columns! {
    /// Moves by column, in the order of [`MOVE`]'s parameters.
    Moves {
        stream: i32, partition: i32, expected: i64, next: i64, time_ms: i64, bytes: i64,
    }
}

impl<'a> Rows<'a> {
    /// These entries by column.
    pub(crate) fn of(entries: impl Iterator<Item = &'a Entry>) -> Self {
        let mut rows = Self::default();
        entries.for_each(|entry| rows.push(entry));
        rows
    }

    fn push(&mut self, Entry { stream, row, .. }: &'a Entry) {
        self.stream.push(*stream);
        self.partition.push(row.origin.partition);
        self.offset.push(row.origin.offset);
        self.event.push(row.event);
        self.root.push(row.root);
        self.cause.push(row.cause);
        self.lane.push(row.lane());
        self.kind.push(row.kind());
        self.tenant.push(&row.tenant);
        self.ticket.push(&row.ticket);
        self.event_time.push(row.time);
        self.record_time.push(row.record_time());
        self.trace.push(&row.trace);
        let (json, bytes, problem) = match &row.body {
            Body::Json(json) => (Some(json.as_str()), None, None),
            Body::Bytes { bytes, problem } => (None, Some(bytes.as_slice()), Some(problem.as_str())),
        };
        self.json.push(json);
        self.bytes.push(bytes);
        self.problem.push(problem);
    }
}

impl Moves {
    /// One partition's progress goes from `expected` to `next`, just after the record `last`.
    pub(crate) fn push(
        &mut self,
        (stream, partition): (i32, i32),
        expected: i64,
        next: i64,
        last: shared::bus::Fingerprint,
    ) {
        self.stream.push(stream);
        self.partition.push(partition);
        self.expected.push(expected);
        self.next.push(next);
        self.time_ms.push(last.time_ms);
        self.bytes.push(last.bytes);
    }

    /// How many partitions move.
    fn len(&self) -> u64 {
        self.stream.len() as u64
    }
}
