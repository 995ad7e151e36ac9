-- The steps of a call, each one statement and one round trip. The server's clock decides the day and every lease.
-- Locks are taken in one order everywhere: the budget's row, then the call's.

CREATE FUNCTION ledger_today() RETURNS date LANGUAGE sql STABLE
    RETURN (clock_timestamp() AT TIME ZONE 'UTC')::date;

-- What is told about a call that has an answer.
CREATE TYPE ledger_answer AS (
    outcome text,
    epoch int,
    -- done: the request id, tokens and price of the kept answer
    answer bytea,
    request_id text,
    input_tokens bigint,
    output_tokens bigint,
    cache_read_tokens bigint,
    cache_write_tokens bigint,
    nanodollars bigint,
    -- busy: milliseconds until the lease ends; over: billionths of a dollar used; reserved, ambiguous: requests
    -- that left and whose answer is unknown
    amount bigint
);

CREATE FUNCTION ledger_done_answer(p_key text) RETURNS ledger_answer LANGUAGE sql STABLE AS $$
    SELECT 'done'::text, calls.epoch, calls.answer, charges.request_id, charges.input_tokens, charges.output_tokens,
        charges.cache_read_tokens, charges.cache_write_tokens, charges.nanodollars, 0::bigint
    FROM calls
    LEFT JOIN charges ON charges.call_key = calls.call_key AND charges.kept
    WHERE calls.call_key = p_key
$$;

-- Takes a call: done, busy, ambiguous, over or reserved.
CREATE FUNCTION ledger_reserve(
    p_key text, p_tenant text, p_root uuid, p_cause uuid, p_prompt text, p_provider text, p_model text, p_lane text,
    p_estimate bigint, p_limit bigint, p_again boolean, p_owner uuid, p_lease_ms bigint
) RETURNS ledger_answer LANGUAGE plpgsql AS $$
DECLARE
    today date := ledger_today();
    one calls%ROWTYPE;
    known boolean;
    used bigint;
    unknown int := 0;
    told ledger_answer;
BEGIN
    SELECT * INTO one FROM calls WHERE call_key = p_key;
    IF FOUND AND one.state = 'done' THEN
        RETURN ledger_done_answer(p_key);
    END IF;
    INSERT INTO budgets (tenant, day) VALUES (p_tenant, today) ON CONFLICT DO NOTHING;
    PERFORM 1 FROM budgets WHERE tenant = p_tenant AND day = today FOR UPDATE;
    SELECT * INTO one FROM calls WHERE call_key = p_key FOR UPDATE;
    known := FOUND;
    IF known THEN
        IF one.state = 'done' THEN
            RETURN ledger_done_answer(p_key);
        END IF;
        IF one.state IN ('reserved', 'sent') AND one.leased_until > clock_timestamp() THEN
            told.outcome := 'busy';
            told.amount := ceil(extract(epoch FROM one.leased_until - clock_timestamp()) * 1000);
            RETURN told;
        END IF;
        unknown := one.sends - one.refusals - one.charges;
        IF one.state = 'sent' THEN
            UPDATE budgets SET held = held - one.hold, doubtful = doubtful + one.hold
                WHERE tenant = p_tenant AND day = one.day;
            UPDATE calls SET state = 'ambiguous', doubt = doubt + hold, doubt_day = day, hold = 0, open = 0,
                settled_at = clock_timestamp() WHERE call_key = p_key;
        ELSIF one.state = 'reserved' THEN
            UPDATE budgets SET held = held - one.hold WHERE tenant = p_tenant AND day = one.day;
            UPDATE calls SET state = CASE WHEN unknown > 0 THEN 'ambiguous' ELSE 'failed' END, hold = 0,
                settled_at = clock_timestamp() WHERE call_key = p_key;
        END IF;
        IF unknown > 1 OR unknown = 1 AND NOT p_again THEN
            told.outcome := 'ambiguous';
            told.amount := unknown;
            RETURN told;
        END IF;
    END IF;
    SELECT spent + held + doubtful INTO used FROM budgets WHERE tenant = p_tenant AND day = today;
    IF used + p_estimate > p_limit THEN
        told.outcome := 'over';
        told.amount := used;
        RETURN told;
    END IF;
    IF known THEN
        UPDATE calls SET state = 'reserved', epoch = calls.epoch + 1, owner = p_owner, day = today, hold = p_estimate,
            leased_until = clock_timestamp() + p_lease_ms * interval '1 millisecond', lane = p_lane, problem = NULL,
            reserved_at = clock_timestamp(), settled_at = NULL
            WHERE call_key = p_key RETURNING * INTO one;
    ELSE
        INSERT INTO calls (call_key, tenant, root_id, cause_id, prompt, provider, model, lane, state, owner, leased_until,
            day, hold, reserved_at)
        VALUES (p_key, p_tenant, p_root, p_cause, p_prompt, p_provider, p_model, p_lane, 'reserved', p_owner,
            clock_timestamp() + p_lease_ms * interval '1 millisecond', today, p_estimate, clock_timestamp())
        ON CONFLICT DO NOTHING RETURNING * INTO one;
        IF NOT FOUND THEN
            -- Somebody else took it in this very moment, on the other side of midnight.
            told.outcome := 'busy';
            told.amount := 1;
            RETURN told;
        END IF;
    END IF;
    UPDATE budgets SET held = held + p_estimate WHERE tenant = p_tenant AND day = today;
    told.outcome := 'reserved';
    told.epoch := one.epoch;
    told.amount := unknown;
    RETURN told;
END
$$;

-- A request is about to leave: sent, done or overtaken. One that left under the same reservation before was refused.
CREATE FUNCTION ledger_sent(p_key text, p_epoch int, p_lease_ms bigint)
RETURNS ledger_answer LANGUAGE plpgsql AS $$
DECLARE
    told ledger_answer;
    stands text;
BEGIN
    UPDATE calls SET state = 'sent', sends = sends + 1, refusals = refusals + open, open = 1,
        repeated = repeated OR sends - refusals - open - charges > 0, sent_at = clock_timestamp(),
        leased_until = clock_timestamp() + p_lease_ms * interval '1 millisecond'
        WHERE call_key = p_key AND calls.epoch = p_epoch AND state IN ('reserved', 'sent');
    IF FOUND THEN
        told.outcome := 'sent';
        RETURN told;
    END IF;
    SELECT state INTO stands FROM calls WHERE call_key = p_key;
    IF stands = 'done' THEN
        RETURN ledger_done_answer(p_key);
    END IF;
    told.outcome := 'overtaken';
    RETURN told;
END
$$;

-- Locks a call's budget and then the one.
CREATE FUNCTION ledger_lock(p_key text) RETURNS calls LANGUAGE plpgsql AS $$
DECLARE
    one calls%ROWTYPE;
BEGIN
    SELECT * INTO one FROM calls WHERE call_key = p_key;
    PERFORM 1 FROM budgets WHERE tenant = one.tenant AND day = one.day FOR UPDATE;
    SELECT * INTO one FROM calls WHERE call_key = p_key FOR UPDATE;
    RETURN one;
END
$$;

-- The hold of a call goes back to its budget.
CREATE FUNCTION ledger_release(one calls) RETURNS void LANGUAGE sql AS $$
    UPDATE budgets SET held = held - one.hold
        WHERE tenant = one.tenant AND day = one.day AND one.hold <> 0;
    UPDATE calls SET hold = 0 WHERE call_key = one.call_key AND one.hold <> 0;
$$;

-- Once every request that left is accounted for, nothing is in doubt.
CREATE FUNCTION ledger_clear_doubt(p_key text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one calls%ROWTYPE;
BEGIN
    SELECT * INTO one FROM calls WHERE call_key = p_key;
    IF one.doubt > 0 AND one.sends - one.refusals - one.charges <= 0 THEN
        UPDATE budgets SET doubtful = doubtful - one.doubt WHERE tenant = one.tenant AND day = one.doubt_day;
        UPDATE calls SET doubt = 0, doubt_day = NULL WHERE call_key = p_key;
    END IF;
END
$$;

-- The answer came and is billed: done, with the answer that is kept, which is the first one stored. Doing it again
-- changes nothing.
CREATE FUNCTION ledger_done(
    p_key text, p_epoch int, p_answer bytea, p_request text, p_input bigint, p_output bigint,
    p_cache_read bigint, p_cache_write bigint, p_nanodollars bigint
) RETURNS ledger_answer LANGUAGE plpgsql AS $$
DECLARE
    one calls%ROWTYPE := ledger_lock(p_key);
BEGIN
    INSERT INTO charges VALUES (p_key, p_epoch, one.day, p_request, p_input, p_output, p_cache_read, p_cache_write,
        p_nanodollars, one.state <> 'done', clock_timestamp()) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        UPDATE budgets SET spent = spent + p_nanodollars WHERE tenant = one.tenant AND day = one.day;
        IF one.epoch = p_epoch THEN
            PERFORM ledger_release(one);
            UPDATE calls SET open = 0 WHERE call_key = p_key;
        END IF;
        UPDATE calls SET charges = charges + 1, state = 'done',
            answer = coalesce(answer, p_answer), settled_at = coalesce(settled_at, clock_timestamp())
            WHERE call_key = p_key;
        PERFORM ledger_clear_doubt(p_key);
    END IF;
    RETURN ledger_done_answer(p_key);
END
$$;

-- All requests of this reservation were refused, so nothing is billed: the budget is free again. Doing it again changes
-- nothing.
CREATE FUNCTION ledger_failed(p_key text, p_epoch int, p_problem text)
RETURNS ledger_answer LANGUAGE plpgsql AS $$
DECLARE
    one calls%ROWTYPE := ledger_lock(p_key);
    told ledger_answer;
BEGIN
    told.outcome := 'failed';
    IF one.epoch = p_epoch THEN
        PERFORM ledger_release(one);
    END IF;
    IF one.epoch = p_epoch AND one.state IN ('reserved', 'sent') THEN
        UPDATE calls SET refusals = refusals + open, open = 0, problem = p_problem,
            state = CASE WHEN sends - refusals - open - charges > 0 THEN 'ambiguous' ELSE 'failed' END,
            settled_at = clock_timestamp()
            WHERE call_key = p_key;
        PERFORM ledger_clear_doubt(p_key);
    END IF;
    RETURN told;
END
$$;

-- The last request of this reservation will never be answered: the next one who comes decides.
CREATE FUNCTION ledger_lost(p_key text, p_epoch int, p_problem text)
RETURNS ledger_answer LANGUAGE plpgsql AS $$
DECLARE
    told ledger_answer;
BEGIN
    UPDATE calls SET problem = p_problem, leased_until = '-infinity'
        WHERE call_key = p_key AND calls.epoch = p_epoch AND state IN ('reserved', 'sent')
        AND leased_until <> '-infinity';
    told.outcome := 'lost';
    RETURN told;
END
$$;

-- Who has these calls still lives: how many of them are still theirs.
CREATE FUNCTION ledger_extend(p_keys text[], p_epochs int[], p_lease_ms bigint)
RETURNS bigint LANGUAGE sql AS $$
    WITH mine AS (
        SELECT call_key
        FROM unnest(p_keys, p_epochs) AS lease (of_key, of_epoch)
        JOIN calls ON call_key = of_key AND epoch = of_epoch
        WHERE state IN ('reserved', 'sent') AND leased_until <> '-infinity'
        ORDER BY call_key
        FOR UPDATE OF calls
    ),
    extended AS (
        UPDATE calls SET leased_until = clock_timestamp() + p_lease_ms * interval '1 millisecond'
        FROM mine WHERE calls.call_key = mine.call_key
        RETURNING 1
    )
    SELECT count(*) FROM extended
$$;

-- Has had it, or gets it now: the received event it was granted to.
CREATE FUNCTION ledger_grant(p_lane text, p_tenant text, p_customer text, p_offer text, p_root uuid, p_take boolean)
RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    holder uuid;
BEGIN
    IF p_take THEN
        INSERT INTO grants (lane, tenant, customer, offer, root_id)
        VALUES (p_lane, p_tenant, p_customer, p_offer, p_root) ON CONFLICT DO NOTHING;
    END IF;
    SELECT root_id INTO holder FROM grants
        WHERE lane = p_lane AND tenant = p_tenant AND customer = p_customer AND offer = p_offer;
    RETURN holder;
END
$$;
