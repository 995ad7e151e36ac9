-- The law: received = routed + rejected (+ open while tickets are on their way), counted by distinct received event.
-- `stray` are roots that were routed or rejected although no such event was received; it has to be 0.
CREATE VIEW law AS
WITH roots AS (
    SELECT
        lane,
        root_id,
        bool_or(kind = 'received') AS received,
        bool_or(kind = 'routed') AS routed,
        bool_or(kind = 'rejected') AS rejected,
        bool_or(kind = 'resolved') AS resolved
    FROM events
    WHERE kind IN ('received', 'routed', 'rejected', 'resolved')
    GROUP BY lane, root_id
)
SELECT
    lane,
    count(*) FILTER (WHERE received) AS received,
    count(*) FILTER (WHERE received AND routed) AS routed,
    count(*) FILTER (WHERE received AND rejected AND NOT routed) AS rejected,
    count(*) FILTER (WHERE received AND NOT routed AND NOT rejected) AS open,
    count(*) FILTER (WHERE NOT received AND NOT resolved AND (routed OR rejected)) AS stray
FROM roots
GROUP BY lane;

-- Milliseconds from one moment to a later one; null while either is unknown.
CREATE FUNCTION milliseconds_between(earlier timestamptz, later timestamptz) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    RETURN (extract(epoch FROM later - earlier) * 1000)::bigint;

-- A number of an event, or null: a foreign event may hold anything in its place, and must not break the view.
CREATE FUNCTION plain_number(value jsonb) RETURNS float8
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN jsonb_typeof(value) = 'number' THEN
        CASE WHEN value::numeric BETWEEN -1e9 AND 1e9 THEN round(value::numeric, 12)::float8 END
    END;

-- Each received event: where it stands, what was decided and how long each stage took.
CREATE VIEW tickets AS
WITH steps AS (
    SELECT
        lane,
        root_id,
        tenant,
        ticket,
        kind,
        record_time,
        CASE kind
            WHEN 'received' THEN 1
            WHEN 'classified' THEN 2
            WHEN 'retrieved' THEN 3
            WHEN 'drafted' THEN 4
            WHEN 'rejected' THEN 5
            WHEN 'routed' THEN 6
        END AS step,
        -- Read once here: each mention of `data` would unpack it again.
        CASE kind
            WHEN 'classified' THEN data -> 'classification'
            WHEN 'routed' THEN data -> 'decision'
        END AS section
    FROM events
    WHERE kind <> 'resolved'
    OFFSET 0
),
stages AS (
    SELECT
        lane,
        root_id,
        coalesce(min(tenant) FILTER (WHERE step = 1), min(tenant)) AS tenant,
        coalesce(min(ticket) FILTER (WHERE step = 1), min(ticket)) AS ticket,
        max(step) AS step,
        (array_agg(section) FILTER (WHERE step = 2))[1] AS classification,
        (array_agg(section) FILTER (WHERE step = 6))[1] AS decision,
        min(record_time) FILTER (WHERE step = 1) AS received_at,
        min(record_time) FILTER (WHERE step = 2) AS classified_at,
        min(record_time) FILTER (WHERE step = 3) AS retrieved_at,
        min(record_time) FILTER (WHERE step = 4) AS drafted_at,
        min(record_time) FILTER (WHERE step = 6) AS routed_at,
        max(record_time) AS last_at
    FROM steps
    GROUP BY lane, root_id
    HAVING bool_or(step IS NOT NULL)
)
SELECT
    lane,
    root_id,
    tenant,
    ticket,
    (ARRAY['received', 'classified', 'retrieved', 'drafted', 'rejected', 'routed'])[step] AS state,
    classification ->> 'intent' AS intent,
    plain_number(classification -> 'confidence') AS confidence,
    decision ->> 'route' AS route,
    plain_number(decision -> 'score') AS score,
    decision -> 'rule' ->> 'name' AS rule,
    ARRAY(
        SELECT hazard ->> 'kind'
        FROM jsonb_array_elements(
            CASE jsonb_typeof(classification -> 'hazards') WHEN 'array' THEN classification -> 'hazards' END
        ) AS hazard
        WHERE hazard ->> 'kind' IS NOT NULL
    ) AS hazards,
    received_at,
    last_at,
    milliseconds_between(received_at, classified_at) AS classify_ms,
    milliseconds_between(classified_at, retrieved_at) AS retrieve_ms,
    milliseconds_between(retrieved_at, drafted_at) AS draft_ms,
    milliseconds_between(drafted_at, routed_at) AS route_ms,
    milliseconds_between(received_at, last_at) AS total_ms
FROM stages;
