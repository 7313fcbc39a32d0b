-- Tells that a broker refused a payout, or that it failed.
-- severity: urgent
-- window: 7d
-- setting: min_usd usd 0 So many US dollars, at least.
-- One that the partner cancelled is not refused.
SELECT
  p.source_id || '/' || p.stream || '/' || p.external_id AS cause, p.source_id, s.name AS source,
  p.stream, p.external_id AS subject, 'payouts:' || p.source_id AS event, 'urgent' AS severity,
  n.refused_at AS happened_at, p.currency, abs(p.amount) AS amount, d.usd AS amount_usd, NULL::numeric AS weight,
  jsonb_build_object('status', p.status, 'requested_at', p.requested_at, 'refused_at', p.rejected_at)
    AS figures,
  s.name || CASE p.status WHEN 'failed' THEN ' could not pay ' ELSE ' refused to pay ' END
    || coalesce(affsync.money_text(abs(p.amount), p.currency, d.usd), 'a payout') AS title,
  'Payout ' || left(p.external_id, 60) || coalesce(' of ' || affsync.time_text(p.requested_at), '')
    || ' is ' || p.status || coalesce(': ' || left(nullif(p.reject_reason, ''), 160), '') || '.' AS text,
  'Ask the broker; affsync report payouts --source ' || s.name || ' shows all' AS remedy,
  format('SELECT * FROM reporting.payouts WHERE source_id = %s AND stream = %L AND external_id = %L',
         p.source_id, p.stream, p.external_id) AS shown_by
FROM affsync.source s
JOIN affsync.payout p
  ON p.source_id = s.source_id AND p.changed_at > $2::timestamptz - interval '7 days'
  -- Found by the index of requests: a refusal comes within weeks.
  AND (p.requested_at > $2::timestamptz - interval '187 days' OR p.requested_at IS NULL)
JOIN affsync.stream st ON st.source_id = p.source_id AND st.stream = p.stream
LEFT JOIN affsync.currency_unit u ON u.currency = p.currency
-- As in reporting.payouts: by the day of the request. Without the sign that a broker gives it as a debit.
CROSS JOIN LATERAL affsync.usd_rate(p.currency, (coalesce(p.requested_at, $2::timestamptz) AT TIME ZONE 'UTC')::date,
                                    p.amount_usd IS NULL, u.whole, u.factor) r
CROSS JOIN LATERAL (SELECT abs(coalesce(p.amount_usd, CASE WHEN p.currency = 'USD' THEN p.amount
      ELSE round(p.amount * r.usd_rate, 8) END)) AS usd) d
-- It became so lately; a refusal of long ago that is read only now, or whose row changes in another way,
-- is not news, and makes none anew.
LEFT JOIN LATERAL (
  SELECT max(h.changed_at) AS at
  FROM affsync.record_change h
  WHERE h.source_id = p.source_id AND h.external_id = p.external_id
    -- In UTC, so that PostgreSQL computes both when it plans, and opens no other months.
    AND h.changed_at > ($2::timestamptz AT TIME ZONE 'UTC' - interval '7 days') AT TIME ZONE 'UTC'
    AND h.changed_at < ($2::timestamptz AT TIME ZONE 'UTC' + interval '2 days') AT TIME ZONE 'UTC'
    AND h.record_table = 'payout'
    AND h.stream = p.stream AND h.after ->> 'status' IN ('rejected', 'failed')
) h ON true
CROSS JOIN LATERAL (
  SELECT greatest(h.at, CASE
    WHEN coalesce(p.rejected_at, p.requested_at) IS NOT NULL
    THEN least(coalesce(p.rejected_at, p.requested_at), p.first_seen_at)
    WHEN p.first_seen_at - st.registered_at > interval '1 day' THEN p.first_seen_at END) AS refused_at
) n
-- One that the partner cancelled is not refused.
WHERE p.deleted_at IS NULL AND p.status IN ('rejected', 'failed')
  AND s.retired_at IS NULL AND st.retired_at IS NULL AND st.in_reports
  AND (d.usd IS NULL OR d.usd >= ($1::jsonb ->> 'min_usd')::numeric)
  AND n.refused_at > $2::timestamptz - interval '7 days'
  AND (p.requested_at > n.refused_at - interval '180 days' OR p.requested_at IS NULL)
  AND $3::jsonb IS NOT NULL
