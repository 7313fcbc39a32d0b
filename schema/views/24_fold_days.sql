-- Adds up the days of a source from one to another, and takes away the marks that lie within, so that
-- sums by client of these days are stale from now on; returns how many rows were read. `marked`: the
-- days were marked; otherwise only their rates are new.
CREATE OR REPLACE FUNCTION affsync.fold_days(
  of_source integer, first date, last date, marked boolean
) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM affsync.earned_mark m
  WHERE m.source_id = of_source AND m.unit_from >= first AND m.unit_to <= last;
  UPDATE affsync.earned_mark m
  SET unit_from = CASE WHEN last = '-infinity' THEN '4714-11-24 BC'::date ELSE last + 1 END
  WHERE m.source_id = of_source AND m.unit_from BETWEEN first AND last AND m.unit_to > last;

  IF marked AND last > '-infinity' THEN
    -- A row may also have implied a rate, of its day and the seven days after it, for any source.
    UPDATE affsync.client_span c SET stale = true
    WHERE NOT c.stale AND c.span_to >= first
      AND (c.source_id = of_source AND c.record_table = 'commission' AND c.span_from <= last
           OR c.implied AND c.span_from <= last + 7);
  END IF;

  -- Days of which only a rate is new are converted by the rates that their own rows imply, too: those stay.
  IF marked THEN
    DELETE FROM affsync.implied_rate i
    WHERE i.source_id = of_source AND i.on_date BETWEEN first AND last;
  END IF;
  DELETE FROM affsync.earned_day e
  WHERE e.source_id = of_source AND e.unit BETWEEN first AND last;
  WITH stored AS MATERIALIZED (
    SELECT b.*, coalesce(st.in_reports, true) AS in_reports
    FROM (
      SELECT c.stream, affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) AS day,
             c.occurred_on IS NOT NULL OR c.occurred_at IS NOT NULL AS has_time, c.kind, c.status,
             c.currency, c.amount, c.amount_usd, c.volume_lots, c.client_ref, NULL::timestamptz AS since
      FROM affsync.commission c
      WHERE c.source_id = of_source AND c.deleted_at IS NULL AND c.grain IS DISTINCT FROM 'lifetime'
        AND affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) BETWEEN first AND last
      UNION ALL
      SELECT c.stream, NULL, false, c.kind, c.status, c.currency, c.amount, c.amount_usd,
             c.volume_lots, c.client_ref, NULL
      FROM affsync.commission c
      WHERE c.source_id = of_source AND c.deleted_at IS NULL AND c.grain IS DISTINCT FROM 'lifetime'
        AND affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) IS NULL
        AND first = '-infinity'
      UNION ALL
      SELECT g.stream, g.day, false, g.kind, g.status, g.currency, g.amount,
             CASE WHEN g.usd_origin = 'broker' THEN g.amount_usd END, g.volume_lots, g.client_ref, g.since
      FROM affsync.commission_steps g
      WHERE g.source_id = of_source AND g.day BETWEEN first AND last
    ) b
    LEFT JOIN affsync.stream st ON st.source_id = of_source AND st.stream = b.stream
  ), implied AS (
    -- As affsync.implied_rates(), from the same reading of the rows.
    INSERT INTO affsync.implied_rate (source_id, on_date, currency, usd_rate, rows)
    SELECT of_source, i.day, i.currency, percentile_disc(0.5) WITHIN GROUP (ORDER BY i.rate), count(*)
    FROM (SELECT b.day, b.currency, b.amount_usd / nullif(b.amount, 0) AS rate
          FROM stored b
          WHERE marked AND b.has_time AND abs(b.amount_usd) >= 1 AND b.amount <> 0 AND b.currency <> 'USD') i
    WHERE i.rate > 0
    GROUP BY i.currency, i.day
    HAVING count(*) >= 3
      AND percentile_disc(0.75) WITHIN GROUP (ORDER BY i.rate)
          <= 1.02 * percentile_disc(0.25) WITHIN GROUP (ORDER BY i.rate)
  ), earned AS (
    SELECT b.*, b.amount IS NOT NULL AND b.amount_usd IS NULL AS open
    FROM stored b
    WHERE b.in_reports
  ), rate AS MATERIALIZED (
    -- As affsync.usd_rate(), but implied rates only once no day is marked: until then they would be
    -- found in the rows of all marked days.
    SELECT k.currency, k.day,
           coalesce(u.factor, 1) * CASE WHEN u.whole = 'USD' THEN 1 ELSE coalesce(
             (SELECT x.usd_rate
              FROM affsync.fx_rate x
              WHERE x.currency = coalesce(u.whole, k.currency)
                AND x.on_date BETWEEN k.day - 7 AND k.day
              ORDER BY x.on_date DESC, x.source_id, x.stream
              LIMIT 1),
             CASE WHEN NOT marked THEN
               ((SELECT affsync.implied_rates_by_day())
                ->> (coalesce(u.whole, k.currency) || ' ' || k.day))::numeric END) END AS usd_rate
    FROM (SELECT DISTINCT e.currency, e.day FROM earned e WHERE e.open AND e.currency <> 'USD') k
    LEFT JOIN affsync.currency_unit u ON u.currency = k.currency
  )
  INSERT INTO affsync.earned_day
    (source_id, unit, part, day, kind, status, currency, amount, volume_lots, clients, rows,
     broker_rows, broker_usd, open_rows, open_amount, open_scale, usd_rate, open_usd, since)
  SELECT
    of_source,
    coalesce(e.day, '-infinity'),
    row_number() OVER (PARTITION BY coalesce(e.day, '-infinity')),
    e.day, e.kind, e.status, e.currency,
    sum(e.amount),
    sum(e.volume_lots),
    count(DISTINCT e.client_ref),
    count(*),
    count(e.amount_usd),
    sum(e.amount_usd),
    count(*) FILTER (WHERE e.open),
    sum(e.amount) FILTER (WHERE e.open),
    max(scale(e.amount)) FILTER (WHERE e.open),
    r.usd_rate,
    sum(round(e.amount * r.usd_rate, least(scale(e.amount) + scale(r.usd_rate), 8)))
      FILTER (WHERE e.open),
    min(e.since)
  FROM earned e
  LEFT JOIN rate r ON r.currency = e.currency AND r.day IS NOT DISTINCT FROM e.day
  GROUP BY e.day, e.kind, e.status, e.currency, r.usd_rate;
  RETURN (SELECT coalesce(sum(e.rows), 0) FROM affsync.earned_day e
          WHERE e.source_id = of_source AND e.unit BETWEEN first AND last);
END
$$;
COMMENT ON FUNCTION affsync.fold_days(integer, date, date, boolean) IS 'Part of affsync.fold_earnings(), which holds the lock that it needs.';
