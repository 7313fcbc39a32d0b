-- What a broker took back, as the rules of alerts tell it: the rows of a stream and currency that were
-- detected on one day together, with the words that lowered and vanished commission share.
CREATE OR REPLACE FUNCTION affsync.losses_together(
  source integer, since timestamptz, vanished boolean, with_names boolean)
RETURNS TABLE (
  stream text, currency text, detected_on date, changed_at timestamptz, rows bigint, lowered bigint,
  rejected bigint, reversed bigint, client text, loss numeric, loss_usd numeric, figures jsonb, told text,
  shown_by text
) LANGUAGE sql STABLE AS $$
  WITH lost AS MATERIALIZED (
    SELECT l.*, coalesce(l.client_ref, '') AS ref, coalesce(l.currency, '') AS unit
    FROM affsync.commission_losses($1, $2, $3) l
  ), any_new AS MATERIALIZED (
    -- Commission of these days that is new, with what it counts and what it counted at first. One that
    -- came and counted nothing takes no place; what happened to one afterwards is told of it.
    SELECT n.stream, n.external_id, coalesce(n.kind, '') AS kind, coalesce(n.client_ref, '') AS ref,
      coalesce(n.currency, '') AS unit, d.day,
      n.first_seen_at, n.deleted_at,
      CASE WHEN coalesce(n.status, '') NOT IN ('rejected', 'reversed') THEN n.amount END AS counts,
      CASE WHEN coalesce(CASE WHEN f.status IS NULL THEN n.status ELSE f.status ->> 'status' END, '')
                NOT IN ('rejected', 'reversed')
           THEN CASE WHEN f.amount IS NULL THEN n.amount
                     ELSE (f.amount ->> 'amount')::numeric END END AS counted
    FROM (SELECT l.day, min(l.changed_at) AS first_at FROM lost l WHERE $3 GROUP BY l.day) d
    JOIN affsync.commission n
      ON n.source_id = $1 AND affsync.earned_on(n.occurred_on, n.occurred_at, n.occurred_to) = d.day
      AND n.first_seen_at >= d.first_at - interval '2 days'
    JOIN affsync.stream st
      ON st.source_id = $1 AND st.stream = n.stream AND st.in_reports AND st.retired_at IS NULL
    LEFT JOIN LATERAL (
      SELECT (array_agg(h.before ORDER BY h.change_id) FILTER (WHERE h.before ? 'amount'))[1] AS amount,
        (array_agg(h.before ORDER BY h.change_id) FILTER (WHERE h.before ? 'status'))[1] AS status
      FROM affsync.record_change h
      WHERE n.revision > 1 AND h.source_id = $1 AND h.external_id = n.external_id
        AND h.changed_at >= n.first_seen_at AND h.record_table = 'commission' AND h.stream = n.stream
    ) f ON true
  ), placed AS MATERIALIZED (
    -- Rows in whose place others came, as their pass compared them: by what they counted, row by row, or
    -- else (`summed`) by what all of them and all that came are together. What is new since the last
    -- success came with them.
    SELECT h.*, coalesce(q.finished_at, '-infinity') AS since,
      bool_or(h.differs) OVER (PARTITION BY h.stream, h.run_id, h.kind, h.ref, h.unit, h.day) AS summed
    FROM (
      SELECT r.stream, r.run_id, coalesce(c.kind, '') AS kind, coalesce(c.client_ref, '') AS ref,
        coalesce(c.currency, '') AS unit,
        affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) AS day,
        (r.before ->> 'counted')::numeric AS amount, count(*) AS rows, max(r.changed_at) AS at,
        bool_or(r.before -> 'counted' <> r.after -> 'counted') AS differs
      FROM affsync.record_change r
      JOIN affsync.commission c
        ON c.source_id = $1 AND c.stream = r.stream AND c.external_id = r.external_id
      WHERE r.source_id = $1 AND r.changed_at < now() + interval '2 days'
        AND r.changed_at >= (SELECT min(n.first_seen_at) FROM any_new n)
        AND r.record_table = 'commission' AND r.operation = 'delete' AND r.after ? 'counted'
      GROUP BY 1, 2, 3, 4, 5, 6, 7
    ) h
    LEFT JOIN LATERAL (
      SELECT q.finished_at FROM affsync.sync_run q
      WHERE q.source_id = $1 AND q.stream = h.stream AND q.run_id < h.run_id AND q.status = 'succeeded'
      ORDER BY q.run_id DESC LIMIT 1
    ) q ON true
  ), taken AS MATERIALIZED (
    SELECT DISTINCT t.stream, t.external_id
    FROM (
      SELECT n.stream, n.external_id, p.summed, p.rows, n.counted = p.amount AS equal,
        row_number() OVER (PARTITION BY p.stream, p.run_id, p.kind, p.ref, p.unit, p.day, p.amount,
                           n.counted = p.amount ORDER BY n.first_seen_at, n.external_id) AS nth
      FROM any_new n
      JOIN placed p
        ON p.stream = n.stream AND p.kind = n.kind AND p.ref = n.ref AND p.unit = n.unit AND p.day = n.day
        AND n.first_seen_at > p.since AND n.first_seen_at <= p.at
        AND (n.deleted_at IS NULL OR n.deleted_at > p.at)
    ) t
    WHERE t.summed OR t.equal AND t.nth <= t.rows
  ), came AS MATERIALIZED (
    -- What stands in the place of a row takes that of no other. Whether one is as much as what was lost
    -- is told by what it counted at first, or if it was less then, by what it counts now.
    SELECT n.*, CASE WHEN l.before IS NOT NULL THEN n.counted ELSE greatest(n.counts, n.counted) END AS amount
    FROM any_new n
    LEFT JOIN (SELECT DISTINCT l.day, l.ref, l.unit, l.before FROM lost l) l
      ON l.day = n.day AND l.ref = n.ref AND l.unit = n.unit AND l.before = n.counted
    WHERE NOT EXISTS (SELECT FROM taken t WHERE t.stream = n.stream AND t.external_id = n.external_id)
  ), -- The same commission under another number is not lost. Each new one takes the place of one, which
  -- stood before it; in the pass that finds both, or in the passes around it.
  left_rows AS (
    SELECT l.stream, l.external_id, l.detected_on, l.day, l.ref, l.unit, l.before,
      row_number() OVER (PARTITION BY l.day, l.ref, l.unit, l.before
                         ORDER BY l.changed_at, l.stream, l.external_id) AS nth
    FROM lost l
    WHERE EXISTS (
      SELECT FROM came n
      WHERE n.day = l.day AND n.ref = l.ref AND n.unit = l.unit AND n.amount = l.before
        AND n.first_seen_at > l.stood_since AND (n.deleted_at IS NULL OR n.deleted_at > l.changed_at)
        AND n.first_seen_at BETWEEN l.changed_at - interval '2 days' AND l.changed_at + interval '2 days')
  ), new_rows AS (
    SELECT n.day, n.ref, n.unit, n.amount,
      row_number() OVER (PARTITION BY n.day, n.ref, n.unit, n.amount
                         ORDER BY n.first_seen_at, n.external_id) AS nth
    FROM came n
    WHERE EXISTS (
      SELECT FROM lost l
      WHERE n.day = l.day AND n.ref = l.ref AND n.unit = l.unit AND n.amount = l.before
        AND n.first_seen_at > l.stood_since AND (n.deleted_at IS NULL OR n.deleted_at > l.changed_at)
        AND n.first_seen_at BETWEEN l.changed_at - interval '2 days' AND l.changed_at + interval '2 days')
  ), renumbered AS (
    SELECT l.stream, l.external_id, l.detected_on
    FROM left_rows l
    JOIN new_rows n
      ON n.day = l.day AND n.ref = l.ref AND n.unit = l.unit AND n.amount = l.before AND n.nth = l.nth
  ), g AS (
    SELECT l.stream, l.currency, l.detected_on, max(l.changed_at) AS changed_at, count(*) AS rows,
      sum(l.before) AS before, sum(l.loss) AS loss,
      CASE WHEN bool_and(l.loss_usd IS NOT NULL) THEN sum(l.loss_usd) END AS loss_usd,
      count(*) FILTER (WHERE coalesce(l.status, '') NOT IN ('rejected', 'reversed')) AS lowered,
      count(*) FILTER (WHERE l.status = 'rejected') AS rejected,
      count(*) FILTER (WHERE l.status = 'reversed') AS reversed,
      count(DISTINCT nullif(l.client_ref, '')) AS clients, min(l.client_ref) AS client,
      coalesce(array_agg(DISTINCT w.who) FILTER (WHERE w.who <> ''), '{}') AS who,
      min(l.day) AS day_from, max(l.day) AS day_to, min(l.stood_since) AS stood_since
    FROM lost l
    -- A name only where the source keeps names and messages may have them.
    LEFT JOIN LATERAL (
      SELECT k.name FROM affsync.client k
      WHERE $4 AND EXISTS (SELECT FROM affsync.source s WHERE s.source_id = $1 AND s.privacy = 'keep')
        AND k.source_id = $1 AND nullif(k.client_ref, '') = l.client_ref
        AND nullif(k.client_ref, '') IS NOT NULL
        AND (octet_length(coalesce(k.client_ref, '')) > 1000)::integer <> 1
      LIMIT 1
    ) k ON true
    CROSS JOIN LATERAL (SELECT coalesce(l.client_ref, '') || coalesce(' ' || k.name, '') AS who) w
    WHERE NOT EXISTS (SELECT FROM renumbered r WHERE r.stream = l.stream AND r.external_id = l.external_id
                      AND r.detected_on = l.detected_on)
    GROUP BY l.stream, l.currency, l.detected_on
    -- Together for as long as the last of it is news.
    HAVING max(l.changed_at) > $2
  )
  SELECT g.stream, g.currency, g.detected_on, g.changed_at, g.rows, g.lowered, g.rejected, g.reversed,
    CASE WHEN g.clients = 1 THEN g.client END, g.loss, g.loss_usd,
    jsonb_build_object('rows', g.rows, 'clients', g.clients, 'before', g.before::text,
                       'after', (g.before - g.loss)::text, 'day_from', g.day_from, 'day_to', g.day_to,
                       'stood_since', g.stood_since),
    CASE WHEN g.clients = 0 THEN '' WHEN g.clients = 1 THEN '; client ' ELSE '; clients ' END
      || affsync.some_of(g.who) || '; for ' || affsync.days_text(g.day_from, g.day_to) || '. It was '
      || affsync.money_text(g.before, g.currency, NULL) || ' since ' || affsync.time_text(g.stood_since)
      || ', now it is ' || affsync.money_text(g.before - g.loss, g.currency, NULL) || '.',
    format('SELECT * FROM reporting.clawbacks WHERE source_id = %s AND stream = %L AND changed_at >= %L'
           ' AND changed_at < %L', $1, g.stream, g.detected_on || ' 00:00+00',
           g.detected_on + 1 || ' 00:00+00')
  FROM g
$$;
COMMENT ON FUNCTION affsync.losses_together(integer, timestamptz, boolean, boolean) IS 'Commission that a source took back since a time, by stream, currency and day of detection: what is no longer listed (`vanished`), or what counts less. `told`: whose, for which days, what it was and is; with the names of clients if `with_names` and the source keeps them.';

-- Of all sources that are read, for the rules of alerts.
CREATE OR REPLACE FUNCTION affsync.losses_of_sources(since timestamptz, vanished boolean, with_names boolean)
RETURNS TABLE (
  source_id integer, source text, stream text, currency text, detected_on date, changed_at timestamptz,
  rows bigint, lowered bigint, rejected bigint, reversed bigint, client text, loss numeric,
  loss_usd numeric, figures jsonb, told text, shown_by text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  ids integer[];
BEGIN
  SELECT array_agg(f.source_id) INTO ids FROM affsync.sources_with_falls($1) f;
  IF ids IS NULL THEN
    RETURN;  -- so what follows is not even planned
  END IF;
  RETURN QUERY
    SELECT s.source_id, s.name, g.*
    FROM affsync.source s
    CROSS JOIN LATERAL affsync.losses_together(s.source_id, $1, $2, $3) g
    WHERE s.source_id = ANY (ids) AND s.retired_at IS NULL;
END
$$;
COMMENT ON FUNCTION affsync.losses_of_sources(timestamptz, boolean, boolean) IS 'affsync.losses_together() of all sources that are read.';

-- Of earlier versions.
DROP FUNCTION IF EXISTS affsync.commission_losses(integer, timestamptz);
