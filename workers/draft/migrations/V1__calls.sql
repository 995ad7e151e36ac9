-- What may be spent by a tenant on a day (UTC): settled, held by calls under way, and doubtful (sent, never answered, so
-- perhaps billed). All money is in billionths of a dollar, so that sums are exact.
CREATE TABLE budgets (
    tenant text NOT NULL,
    day date NOT NULL,
    spent bigint NOT NULL DEFAULT 0,
    held bigint NOT NULL DEFAULT 0,
    doubtful bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, day)
) WITH (fillfactor = 50);

-- One call of a provider, known by its content. Requests that left = refused + charged + those nobody knows about.
--   reserved   the budget is debited, nothing has left
--   sent       a request has left
--   done       the answer is stored
--   failed     nothing was billed, the budget is free again
--   ambiguous  a request has left and its answer is lost: perhaps billed
-- The answer is what the provider sent, made from redacted text; what the customer wrote is never stored here.
CREATE TABLE calls (
    call_key text PRIMARY KEY,
    tenant text NOT NULL,
    root_id uuid NOT NULL,
    cause_id uuid NOT NULL,
    -- SHA-256 of the request's body, hexadecimal.
    prompt text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    lane text NOT NULL,
    state text NOT NULL CHECK (state IN ('reserved', 'sent', 'done', 'failed', 'ambiguous')),
    -- Who has it: each reservation counts up, and what comes under an older number is told so.
    epoch int NOT NULL DEFAULT 1,
    owner uuid NOT NULL,
    leased_until timestamptz NOT NULL,
    -- The day whose budget it is held on.
    day date NOT NULL,
    hold bigint NOT NULL,
    doubt bigint NOT NULL DEFAULT 0,
    doubt_day date,
    sends int NOT NULL DEFAULT 0,
    refusals int NOT NULL DEFAULT 0,
    charges int NOT NULL DEFAULT 0,
    -- 1 while a request of this reservation is without an answer.
    open int NOT NULL DEFAULT 0,
    -- Whether a request has left while another's answer was unknown.
    repeated boolean NOT NULL DEFAULT false,
    problem text,
    answer bytea,
    reserved_at timestamptz NOT NULL,
    sent_at timestamptz,
    settled_at timestamptz
) WITH (fillfactor = 70);

CREATE INDEX calls_by_day ON calls (day, tenant);

-- What the provider has billed: one row for each answer that came. `kept` is false for an answer that came after
-- another one of the same call was stored.
CREATE TABLE charges (
    call_key text NOT NULL REFERENCES calls,
    epoch int NOT NULL,
    day date NOT NULL,
    request_id text,
    input_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cache_read_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    nanodollars bigint NOT NULL,
    kept boolean NOT NULL,
    charged_at timestamptz NOT NULL,
    PRIMARY KEY (call_key, epoch)
);

-- Which customer got which offer, and for which received event. The customer stands here as a digest only.
CREATE TABLE grants (
    lane text NOT NULL,
    tenant text NOT NULL,
    customer text NOT NULL,
    offer text NOT NULL,
    root_id uuid NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (lane, tenant, customer, offer)
);

-- What was billed and what may have been, by day, tenant, provider, model and lane.
CREATE VIEW bills AS
WITH called AS (
    SELECT day, tenant, provider, model, lane, count(*) AS calls,
        count(*) FILTER (WHERE state = 'done') AS done,
        sum(sends) AS sends,
        sum(refusals) AS refusals,
        sum(sends - refusals - charges) FILTER (WHERE state NOT IN ('sent', 'reserved') OR leased_until < now())
            AS ambiguous,
        count(*) FILTER (WHERE repeated) AS repeated,
        sum(doubt) AS doubt
    FROM calls
    GROUP BY day, tenant, provider, model, lane
),
charged AS (
    SELECT calls.day, tenant, provider, model, lane, count(*) AS answers,
        count(*) FILTER (WHERE NOT kept) AS doubled,
        sum(input_tokens) AS input_tokens,
        sum(output_tokens) AS output_tokens,
        sum(cache_read_tokens) AS cache_read_tokens,
        sum(cache_write_tokens) AS cache_write_tokens,
        sum(nanodollars) AS nanodollars
    FROM charges
    JOIN calls USING (call_key)
    GROUP BY calls.day, tenant, provider, model, lane
)
SELECT day, tenant, provider, model, lane,
    calls,
    done,
    sends::bigint AS requests,
    refusals::bigint AS refused,
    coalesce(answers, 0) AS billed,
    coalesce(doubled, 0) AS doubled,
    coalesce(ambiguous, 0)::bigint AS ambiguous,
    repeated,
    coalesce(input_tokens, 0)::bigint AS input_tokens,
    coalesce(output_tokens, 0)::bigint AS output_tokens,
    coalesce(cache_read_tokens, 0)::bigint AS cache_read_tokens,
    coalesce(cache_write_tokens, 0)::bigint AS cache_write_tokens,
    coalesce(nanodollars, 0) / 1e9 AS dollars,
    doubt / 1e9 AS doubtful_dollars
FROM called
LEFT JOIN charged USING (day, tenant, provider, model, lane);
