-- What bench/reading.sh asks about; `rows`: how many commissions. Every figure follows from the row's
-- number, so that each run measures the same data.
SELECT setseed(0.5);
INSERT INTO affsync.source (source_id, name, connector, base_url)
OVERRIDING SYSTEM VALUE
SELECT n, 'broker-' || n, 'exness', 'https://broker-' || n || '.example' FROM generate_series(1, 5) n;
INSERT INTO affsync.stream (source_id, stream, record_table, in_reports, has_paid_state)
SELECT n, t.stream, t.record_table, true, true
FROM generate_series(1, 5) n,
     (VALUES ('rewards', 'commission'), ('clients', 'client'), ('rebates', 'rebate'),
             ('payouts', 'payout'), ('wallets', 'balance'), ('totals', 'commission')) t (stream, record_table)
WHERE t.stream <> 'totals' OR n = 5;

-- Rates as the inverse of what banks publish: with many digits.
INSERT INTO affsync.fx_rate (source_id, stream, currency, on_date, usd_rate, provider)
SELECT 0, '', c.currency, current_date - d, round(1 / (c.units + (d % 97) * 0.0007), 12), 'bench'
FROM (VALUES ('EUR', 0.91), ('GBP', 0.79)) c (currency, units), generate_series(0, 1110) d
WHERE extract(isodow FROM current_date - d) < 6;

INSERT INTO affsync.client (source_id, stream, external_id, content_hash, first_seen_at, changed_at,
  revision, run_id, client_ref, status, country, registered_at, first_trade_at, link_code, raw)
SELECT 1 + n % 5, 'clients', 'c' || n, md5(n::text)::uuid, now(), now(), 1, 1, 'c' || n, 'active',
       (ARRAY['DE', 'MY', 'ZA', 'VN'])[1 + n % 4], now() - n % 1095 * interval '1 day', now(),
       'link' || n % 40, jsonb_build_object('id', n, 'country', 'DE', 'registered', now())
FROM generate_series(1, 50000) n;

-- In the order in which they were earned, as a load by days writes them.
INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, first_seen_at, changed_at,
  revision, run_id, client_ref, account, kind, broker_kind, status, broker_status, amount, currency,
  amount_usd, volume_lots, symbol, link_code, grain, occurred_on, occurred_at, raw)
SELECT r.source_id, 'rewards', r.day || '-' || r.n, md5(r.n::text)::uuid, now(), now(), 1, 1, r.client, 'a' || r.client, r.kind,
       'broker ' || r.kind, r.status, r.status, r.amount, r.currency,
       CASE WHEN r.source_id <= 2 THEN round(r.amount * r.usd, 4) END, round(r.amount / 7, 2), r.symbol,
       r.link, 'day', r.day, CASE WHEN r.source_id > 3 THEN r.day + r.n % 86400 * interval '1 second' END,
       jsonb_build_object('id', r.n, 'client', r.client, 'reward', r.amount, 'currency', r.currency,
         'date', r.day, 'status', r.status, 'symbol', r.symbol, 'link', r.link, 'volume', r.amount / 7)
FROM (
  SELECT n, 1 + n % 5 AS source_id, 'c' || (n % 5 + 5 * ((n * 7919::bigint / 5) % 10000)) AS client,
         (ARRAY['revshare', 'lot', 'cpa'])[1 + n % 3] AS kind,
         (ARRAY['paid', 'paid', 'paid', 'paid', 'approved', 'approved', 'rejected'])[1 + n % 7] AS status,
         round((n % 9973 + 1) / 100.0, CASE WHEN n % 11 = 0 THEN 8 ELSE 2 END) AS amount,
         c.currency, c.usd, (ARRAY['EURUSD', 'XAUUSD', 'BTCUSD'])[1 + n / 3 % 3] AS symbol,
         'link' || n % 40 AS link,
         current_date - 1094 + (n::bigint * 1095 / (:rows + 1))::int AS day
  FROM generate_series(1, :rows) n
  JOIN LATERAL (VALUES (0, 'USD', 1.0), (1, 'EUR', 1.09), (2, 'USC', 0.01), (3, 'GBP', 1.26))
    c (place, currency, usd) ON c.place = CASE WHEN n / 5 % 10 < 6 THEN 0 ELSE 1 + n / 5 % 3 END
) r;

-- Running totals of one source, and their growth on each of the last 60 days.
INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, first_seen_at, changed_at,
  revision, run_id, client_ref, kind, status, amount, currency, grain, raw)
SELECT 5, 'totals', 't' || n, md5(n::text)::uuid, now() - interval '61 days', now(), 61, 1, 'c' || n * 5 + 4,
       'sub_affiliate', NULL, 100 + n, 'USD', 'lifetime', '{}'
FROM generate_series(1, 500) n;
INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id, changed_at,
  operation, before, after)
SELECT 5, 'commission', 'totals', 't' || n, 1, now() - (60 - d) * interval '1 day', 'update',
       jsonb_build_object('amount', 40 + d + n), jsonb_build_object('amount', 41 + d + n)
FROM generate_series(0, 59) d, generate_series(1, 500) n;

-- Running totals that grew on each day of a year, of commission and of rebates.
INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, first_seen_at, changed_at,
  revision, run_id, client_ref, kind, status, amount, currency, grain, raw)
SELECT 5, 'totals', 'y' || n, md5(n::text)::uuid, now() - interval '366 days', now(), 366, 1, 'c' || n * 5 + 4,
       'sub_affiliate', NULL, 366, 'USD', 'lifetime', '{}'
FROM generate_series(1, :totals) n;
INSERT INTO affsync.rebate (source_id, stream, external_id, content_hash, first_seen_at, changed_at,
  revision, run_id, client_ref, amount, currency, grain, raw)
SELECT 5, 'passed_on', 'y' || n, md5(n::text)::uuid, now() - interval '366 days', now(), 366, 1,
       'p' || n * 5 + 4, 366, 'USD', 'lifetime', '{}'
FROM generate_series(1, :totals) n;
INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id, changed_at,
  operation, before, after)
SELECT 5, t.record_table, t.stream, 'y' || n, 1, now() - (364 - d) * interval '1 day', 'update',
       jsonb_build_object('amount', d), jsonb_build_object('amount', d + 1)
FROM generate_series(0, 364) d, generate_series(1, :totals) n,
     (VALUES ('commission', 'totals'), ('rebate', 'passed_on')) t (record_table, stream);

-- One in twenty rows of the last 150 days was changed in the last five weeks: corrected or paid.
INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id, changed_at,
  operation, before, after)
SELECT c.source_id, 'commission', c.stream, c.external_id, 1, now() - random() * interval '35 days',
       'update', v.before, v.after
FROM affsync.commission c
CROSS JOIN LATERAL (
  SELECT CASE WHEN hashtext(c.external_id) % 3 = 0 THEN jsonb_build_object('amount', c.amount + 1)
              ELSE jsonb_build_object('status', 'approved') END AS before,
         CASE WHEN hashtext(c.external_id) % 3 = 0 THEN jsonb_build_object('amount', c.amount)
              ELSE jsonb_build_object('status', c.status) END AS after
) v
WHERE c.occurred_on > current_date - 150 AND hashtext(c.external_id) % 20 = 0;

INSERT INTO affsync.rebate (source_id, stream, external_id, content_hash, first_seen_at, changed_at,
  revision, run_id, client_ref, amount, currency, status, grain, occurred_at, raw)
SELECT 1 + n % 5, 'rebates', 'r' || n, md5(n::text)::uuid, now(), now(), 1, 1,
       'c' || (n % 5 + 5 * ((n * 7919::bigint / 5) % 10000)), n % 97 / 10.0, 'USD', 'paid', 'day',
       now() - n % 1095 * interval '1 day', '{"id": 1}'
FROM generate_series(1, :rows / 25) n;
INSERT INTO affsync.payout (source_id, stream, external_id, content_hash, first_seen_at, changed_at,
  revision, run_id, status, amount, currency, requested_at, paid_at, raw)
SELECT 1 + n % 5, 'payouts', 'p' || n, md5(n::text)::uuid, now(), now(), 1, 1, 'paid', n % 1000, 'USD',
       now() - n % 1095 * interval '1 day', now() - n % 1095 * interval '1 day', '{}'
FROM generate_series(1, 5000) n;
INSERT INTO affsync.balance (source_id, stream, external_id, content_hash, first_seen_at, changed_at,
  revision, run_id, metric, amount, currency, raw)
SELECT n, 'wallets', 'w', md5(n::text)::uuid, now(), now(), 1, 1, 'wallet', n * 100, 'USD', '{}'
FROM generate_series(1, 5) n;

INSERT INTO affsync.sync_run (source_id, stream, started_at, finished_at, status, mode)
SELECT source_id, stream, now() - n * interval '15 minutes', now() - n * interval '15 minutes',
       'succeeded', 'incremental'
FROM generate_series(8640, 1, -1) n, affsync.stream;
INSERT INTO affsync.stream_state (source_id, stream, run_id, live_rows, last_success_at, last_status)
SELECT source_id, stream, (SELECT max(run_id) FROM affsync.sync_run), 1000, now(), 'succeeded'
FROM affsync.stream;
INSERT INTO affsync.coverage (source_id, stream, day_from, day_to, state, run_id, noted_at)
SELECT source_id, stream, current_date - 1094, current_date, 'proven', 1, now() FROM affsync.stream;
INSERT INTO affsync.quarantine (source_id, stream, run_id, received_at, external_id, reason, raw, fingerprint)
SELECT 1 + n % 5, 'rewards', 1, now(), n::text, 'bench', '{}', md5(n::text)::uuid
FROM generate_series(1, 200) n;
