-- Leases are extended across tenants, that is across connections: a row that another step holds at this moment is left to it,
-- for it extends or ends the lease itself. Waiting for it, two transactions could wait for each other.
CREATE OR REPLACE FUNCTION ledger_extend(p_keys text[], p_epochs int[], p_lease_ms bigint)
RETURNS bigint LANGUAGE sql AS $$
    WITH mine AS (
        SELECT call_key
        FROM unnest(p_keys, p_epochs) AS lease (of_key, of_epoch)
        JOIN calls ON call_key = of_key AND epoch = of_epoch
        WHERE state IN ('reserved', 'sent') AND leased_until <> '-infinity'
        ORDER BY call_key
        FOR UPDATE OF calls SKIP LOCKED
    ),
    extended AS (
        UPDATE calls SET leased_until = clock_timestamp() + p_lease_ms * interval '1 millisecond'
        FROM mine WHERE calls.call_key = mine.call_key
        RETURNING 1
    )
    SELECT count(*) FROM extended
$$;
