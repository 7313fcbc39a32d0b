-- For bench/changes.sh: `sources` sources with `rows` commissions each of the last three years, each of them
-- corrected twice, and running totals that grew on each day of a year. The parts of the history that a
-- daemon would have made month by month are made first.
DO $$
DECLARE
  month date := (date_trunc('month', now() AT TIME ZONE 'UTC') - interval '37 months')::date;
BEGIN
  ALTER TABLE affsync.record_change DETACH PARTITION affsync.record_change_early;
  WHILE month < date_trunc('month', now() AT TIME ZONE 'UTC') LOOP
    EXECUTE format('CREATE TABLE affsync.record_change_%s PARTITION OF affsync.record_change FOR VALUES FROM (%L) TO (%L)',
                   to_char(month, 'YYYY_MM'), month || ' 00:00:00+00', (month + interval '1 month')::date || ' 00:00:00+00');
    month := (month + interval '1 month')::date;
  END LOOP;
END $$;

INSERT INTO affsync.source (name, connector, base_url, instances, hash_salt)
SELECT 'broker-' || n, 'exness', 'https://b' || n || '.example', '{bench}', 'salt' FROM generate_series(1, :sources) n;
INSERT INTO affsync.stream (source_id, stream, record_table, in_reports)
SELECT source_id, stream, 'commission', true
FROM affsync.source, unnest(ARRAY['rewards', 'totals']) stream WHERE name LIKE 'broker-%';
INSERT INTO affsync.sync_run (source_id, stream, mode, status, started_at, finished_at)
SELECT source_id, 'rewards', 'full', 'succeeded', now(), now() FROM affsync.source;

INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, first_seen_at, changed_at,
  revision, run_id, client_ref, kind, status, amount, currency, grain, occurred_on, raw)
SELECT s.source_id, 'rewards', 'r' || n, md5(n::text)::uuid, now() - interval '36 months', now(), 3, 1,
       'c' || n % 1000, 'spread_share', 'paid', 10 + n % 90, 'USD', 'transaction', current_date - n % 1060, '{}'
FROM affsync.source s, generate_series(1, :rows) n;
INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, first_seen_at, changed_at,
  revision, run_id, client_ref, kind, status, amount, currency, grain, raw)
SELECT s.source_id, 'totals', 't' || n, md5(n::text)::uuid, now() - interval '366 days', now(), 361, 1, 'c' || n,
       'sub_affiliate', NULL, 360, 'USD', 'lifetime', '{}'
FROM affsync.source s, generate_series(1, 100) n;

INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id, changed_at,
  operation, before, after)
SELECT source_id, 'commission', stream, external_id, 1, at, 'update', before, after
FROM (
  -- 10 more than it is, 1 less, and as it is; the second of them together with the words of one in twenty.
  SELECT c.source_id, c.stream, c.external_id, c.occurred_on + k * interval '9 days' AS at,
         jsonb_build_object('amount', CASE k WHEN 1 THEN c.amount + 10 ELSE c.amount - 1 END)
           || CASE WHEN k = 2 AND hashtext(c.external_id) % 20 = 0 THEN '{"status": "approved"}' ELSE '{}' END::jsonb
           AS before,
         jsonb_build_object('amount', CASE k WHEN 1 THEN c.amount - 1 ELSE c.amount END)
           || CASE WHEN k = 2 AND hashtext(c.external_id) % 20 = 0 THEN '{"status": "paid"}' ELSE '{}' END::jsonb AS after
  FROM affsync.commission c, generate_series(1, 2) k
  WHERE c.stream = 'rewards' AND c.occurred_on + k * interval '9 days' < now()
  UNION ALL
  SELECT c.source_id, c.stream, c.external_id, current_date - (360 - d) * interval '1 day',
         jsonb_build_object('amount', d - 1), jsonb_build_object('amount', d)
  FROM affsync.commission c, generate_series(1, 360) d WHERE c.stream = 'totals'
) change
ORDER BY at;
