-- A source whose rows all changed twice, half of them downwards; `number`: its number.
INSERT INTO affsync.source (source_id, name, connector, base_url) OVERRIDING SYSTEM VALUE
VALUES (:number, 'restated', 'exness', 'https://restated.example');
INSERT INTO affsync.stream (source_id, stream, record_table, in_reports, has_paid_state)
VALUES (:number, 'rewards', 'commission', true, true);
INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, first_seen_at, changed_at,
  revision, run_id, client_ref, kind, amount, currency, grain, occurred_on, raw)
SELECT :number, 'rewards', 'r' || n, md5(n::text)::uuid, now() - interval '61 days', now(), 61, 1,
       'c' || n % 100, 'lot', 100, 'USD', 'day', current_date - n % 60, '{}'
FROM generate_series(1, 100000) n;
INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id, changed_at,
  operation, before, after)
SELECT :number, 'commission', 'rewards', 'r' || n, 1, now() - d * interval '6 hours', 'update',
       jsonb_build_object('amount', 100 + d * (n % 2 * 2 - 1)),
       jsonb_build_object('amount', 100 + (d - 1) * (n % 2 * 2 - 1))
FROM generate_series(1, 2) d, generate_series(1, 100000) n;
