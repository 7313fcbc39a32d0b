-- Adds up one span of days by client, about `most` rows, or makes one span of two. Returns false if there is
-- nothing to do. Call it again until then.
--
-- The last days, which most writes are about, are left to the rows: up to ten of them. A span that has
-- become stale is made anew at most every so many milliseconds as it has rows, so that a list whose old
-- rows change all the time costs at most about a hundredth of a processor. Very small spans become one, and
-- small ones that are 60 days old, unless they have changed within a week. Marks go before rows and rates are
-- read, as in affsync.fold_earnings(), which calls it once all days are added up, and whose lock it shares.
CREATE OR REPLACE FUNCTION affsync.fold_clients(most integer DEFAULT 100000) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off SET enable_bitmapscan = off SET enable_seqscan = off
SET work_mem = '32MB' AS $$
DECLARE
  settled_day date := (now() AT TIME ZONE 'UTC')::date - 3;
  of_source integer;
  of_table text;
  first date;
  last date;
  first_row date;
  until date;
  stale_rows bigint;
  next_from date;
  next_to date;
BEGIN
  IF NOT affsync.days_are_marked() OR NOT affsync.clients_are_marked()
     OR NOT pg_try_advisory_xact_lock(5318008172902) THEN
    RETURN false;
  END IF;

  WITH gone AS (
    DELETE FROM affsync.client_mark RETURNING source_id, record_table, currency, unit_from, unit_to
  )
  UPDATE affsync.client_span c SET stale = true
  FROM (
    SELECT x.source_id, x.record_table, x.span_from
    FROM affsync.client_span x
    JOIN gone g ON g.source_id = x.source_id
    WHERE (g.record_table IS NULL OR g.record_table = x.record_table)
      AND g.unit_from <= x.span_to AND g.unit_to >= x.span_from
    UNION
    SELECT x.source_id, x.record_table, x.span_from
    FROM affsync.client_span x
    JOIN gone g ON g.unit_from <= x.span_to AND g.unit_to >= x.span_from
    WHERE g.source_id IS NULL AND (g.record_table IS NULL OR g.record_table = x.record_table)
      AND (g.currency IS NULL OR g.currency = ANY (x.converted))
  ) m
  WHERE NOT c.stale AND c.source_id = m.source_id AND c.record_table = m.record_table
    AND c.span_from = m.span_from;

  SELECT c.source_id, c.record_table, c.span_from, c.span_to, c.rows
  INTO of_source, of_table, first, last, stale_rows
  FROM affsync.client_span c
  WHERE c.stale AND c.summed_at + c.rows * interval '1 millisecond' <= now()
  ORDER BY c.source_id, c.record_table, c.span_from
  LIMIT 1;
  IF FOUND THEN
    DELETE FROM affsync.client_sum s
    WHERE s.source_id = of_source AND s.record_table = of_table AND s.span_from = first;
    DELETE FROM affsync.client_span c
    WHERE c.source_id = of_source AND c.record_table = of_table AND c.span_from = first;
    first_row := first;
  ELSE
    -- Days between spans, and those after the last one as soon as they are enough.
    SELECT d.source_id, d.record_table, d.first, d.last, d.day
    INTO of_source, of_table, first, last, first_row
    FROM (
      -- What affsync.day_after_rows() says, without a call for each source.
      SELECT g.*,
             CASE WHEN g.record_table = 'rebate' THEN
               (SELECT (r.occurred_at AT TIME ZONE 'UTC')::date
                FROM affsync.rebate r
                WHERE r.source_id = g.source_id
                  AND (r.occurred_at AT TIME ZONE 'UTC')::date BETWEEN g.first AND g.last
                ORDER BY (r.occurred_at AT TIME ZONE 'UTC')::date
                LIMIT 1)
             ELSE
               (SELECT affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to)
                FROM affsync.commission c
                WHERE c.source_id = g.source_id
                  AND affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) BETWEEN g.first AND g.last
                ORDER BY affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to)
                LIMIT 1)
             END AS day
      FROM (
        SELECT c.source_id, c.record_table,
               coalesce(lag(c.span_to) OVER (PARTITION BY c.source_id, c.record_table ORDER BY c.span_from) + 1,
                        '-infinity') AS first,
               c.span_from - 1 AS last, false AS tail
        FROM affsync.client_span c
        UNION ALL
        SELECT s.source_id, t.record_table,
               coalesce((SELECT max(c.span_to) + 1 FROM affsync.client_span c
                         WHERE c.source_id = s.source_id AND c.record_table = t.record_table), '-infinity'),
               settled_day, true
        FROM affsync.source s, (VALUES ('commission'), ('rebate')) t (record_table)
      ) g
      WHERE g.first <= g.last
      OFFSET 0
    ) d
    WHERE CASE WHEN NOT d.tail THEN d.day IS NOT NULL
               WHEN settled_day - d.day >= 7 THEN true
               WHEN d.day IS NOT NULL
                 THEN affsync.day_after_rows(d.record_table, d.source_id, d.day, d.last, 100000) IS NOT NULL
          END
    LIMIT 1;
  END IF;

  IF of_source IS NOT NULL THEN
    until := affsync.day_after_rows(of_table, of_source, first_row, last, most);
    until := CASE WHEN until IS NULL THEN last ELSE greatest(until - 1, first_row) END;
    PERFORM affsync.sum_clients(of_table, of_source, first, until, stale_rows IS NOT NULL);
    IF stale_rows IS NOT NULL AND until < last THEN
      INSERT INTO affsync.client_span
        (source_id, record_table, span_from, span_to, rows, lines, converted, implied, stale, again,
         summed_at)
      VALUES (of_source, of_table, until + 1, last, 0, 0, '{}', false, true, true, now());
    END IF;
    RETURN true;
  END IF;

  SELECT a.source_id, a.record_table, a.span_from, b.span_from, b.span_to
  INTO of_source, of_table, first, next_from, next_to
  FROM affsync.client_span a
  JOIN affsync.client_span b
    ON b.source_id = a.source_id AND b.record_table = a.record_table AND b.span_from = a.span_to + 1
  WHERE NOT a.stale AND NOT b.stale
    AND (b.span_to < settled_day - 60 AND a.rows + b.rows <= 10 * most::bigint OR a.rows + b.rows <= 20000)
    AND a.lines + b.lines <= 2 * most::bigint
    AND (NOT a.again OR a.summed_at < now() - interval '7 days')
    AND (NOT b.again OR b.summed_at < now() - interval '7 days')
  ORDER BY a.rows + b.rows
  LIMIT 1;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  WITH parts AS (
    DELETE FROM affsync.client_sum s
    WHERE s.source_id = of_source AND s.record_table = of_table AND s.span_from IN (first, next_from)
    RETURNING *
  )
  INSERT INTO affsync.client_sum
    (source_id, record_table, span_from, client_ref, counts, amount_usd, without_usd, volume_lots,
     first_origin, last_origin, last_on, first_link, last_link)
  SELECT of_source, of_table, first, p.client_ref, bool_or(p.counts), sum(p.amount_usd), sum(p.without_usd),
         sum(p.volume_lots), min(p.first_origin), max(p.last_origin), max(p.last_on), min(p.first_link),
         max(p.last_link)
  FROM parts p
  GROUP BY p.client_ref;
  WITH after AS (
    DELETE FROM affsync.client_span c
    WHERE c.source_id = of_source AND c.record_table = of_table AND c.span_from = next_from
    RETURNING rows, converted, implied, summed_at
  )
  UPDATE affsync.client_span c
  SET span_to = next_to, rows = c.rows + a.rows,
      lines = (SELECT count(*) FROM affsync.client_sum s
               WHERE s.source_id = of_source AND s.record_table = of_table AND s.span_from = first),
      converted = ARRAY(SELECT DISTINCT x FROM unnest(c.converted || a.converted) x),
      implied = c.implied OR a.implied, again = false, summed_at = least(c.summed_at, a.summed_at)
  FROM after a
  WHERE c.source_id = of_source AND c.record_table = of_table AND c.span_from = first;
  RETURN true;
END
$$;
COMMENT ON FUNCTION affsync.fold_clients(integer) IS 'Adds up days by client, about so many rows, in affsync.client_sum; false: there is nothing to do. affsync.fold_earnings() calls it.';
