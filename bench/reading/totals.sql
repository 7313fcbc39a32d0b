-- What bench/rules.sh asks about; `sources`: how many.
INSERT INTO affsync.source (source_id, name, connector, base_url) OVERRIDING SYSTEM VALUE
SELECT n, 'broker-' || n, 'exness', 'https://broker-' || n || '.example' FROM generate_series(1, :sources) n;
INSERT INTO affsync.stream (source_id, stream, record_table, in_reports, has_paid_state)
SELECT n, 'rewards', 'commission', true, true FROM generate_series(1, :sources) n;
INSERT INTO affsync.stream_state (source_id, stream, last_success_at, live_rows)
SELECT n, 'rewards', now(), 500 FROM generate_series(1, :sources) n;
INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, first_seen_at, changed_at,
  revision, run_id, client_ref, kind, amount, currency, grain, raw)
SELECT s, 'rewards', 't' || n, md5(n::text)::uuid, now() - interval '61 days', now(), 61, 1, 'c' || n,
       'sub_affiliate', 100 + n, 'USD', 'lifetime', '{}'
FROM generate_series(1, :sources) s, generate_series(1, 500) n;
INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id, changed_at,
  operation, before, after)
SELECT s, 'commission', 'rewards', 't' || n, 1, now() - (12 - d) * interval '6 hours', 'update',
       jsonb_build_object('amount', 40 + d + n), jsonb_build_object('amount', 41 + d + n)
FROM generate_series(0, 11) d, generate_series(1, :sources) s, generate_series(1, 500) n;
