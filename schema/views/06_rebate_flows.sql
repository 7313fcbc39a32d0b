-- Rebates with a day: dated rebates, and the recorded growth of running totals. From the first day on which a
-- client has dated rebates, its running totals repeat the same money and are omitted; what grew before stays.
CREATE OR REPLACE VIEW affsync.rebate_flows AS
SELECT source_id, source, connector, stream, external_id, client_ref, account, rebate_group_id,
       status, day, currency, amount, amount_usd, usd_origin, NULL::timestamptz AS since,
       NULL::timestamptz AS until, basis_amount_usd - amount_usd AS net_usd
FROM affsync.rebate_books
WHERE counts AND grain IS DISTINCT FROM 'lifetime'
UNION ALL
SELECT g.source_id, g.source, g.connector, g.stream, g.external_id, g.client_ref, g.account,
       g.rebate_group_id, g.status, g.day, g.currency, g.amount, g.amount_usd, g.usd_origin, g.since,
       g.until, NULL::numeric
FROM affsync.rebate_steps g
WHERE g.counts
  AND NOT EXISTS (SELECT FROM affsync.rebate d
                  LEFT JOIN affsync.stream st ON st.source_id = d.source_id AND st.stream = d.stream
                  WHERE d.source_id = g.source_id AND d.client_ref = g.client_ref
                    AND d.grain IS DISTINCT FROM 'lifetime' AND d.deleted_at IS NULL
                    AND coalesce(d.status, '') NOT IN ('rejected', 'reversed')
                    AND coalesce((d.occurred_at AT TIME ZONE 'UTC')::date <= g.day, true)
                    AND coalesce(st.in_reports, true));
COMMENT ON VIEW affsync.rebate_flows IS 'Rebates with a day: dated rows, and the recorded growth of the running totals of clients that had no dated rows yet; without rejected or reversed rows.';
COMMENT ON COLUMN affsync.rebate_flows.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.rebate_flows.source IS 'Name of the source.';
COMMENT ON COLUMN affsync.rebate_flows.connector IS 'Connector of the source.';
COMMENT ON COLUMN affsync.rebate_flows.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN affsync.rebate_flows.external_id IS 'The row''s key in affsync.rebate.';
COMMENT ON COLUMN affsync.rebate_flows.client_ref IS 'The client.';
COMMENT ON COLUMN affsync.rebate_flows.account IS 'The client''s trading account.';
COMMENT ON COLUMN affsync.rebate_flows.rebate_group_id IS 'The rule; see affsync.rebate_group.';
COMMENT ON COLUMN affsync.rebate_flows.status IS 'Status of the rebate.';
COMMENT ON COLUMN affsync.rebate_flows.day IS 'The UTC day on which the money was passed on; for growth, on which affsync detected it.';
COMMENT ON COLUMN affsync.rebate_flows.currency IS 'Currency of amount.';
COMMENT ON COLUMN affsync.rebate_flows.amount IS 'Amount passed on, or growth of the running total.';
COMMENT ON COLUMN affsync.rebate_flows.amount_usd IS 'The same in US dollars; null if unknown.';
COMMENT ON COLUMN affsync.rebate_flows.usd_origin IS 'Origin of amount_usd; null if there is no amount in US dollars.';
COMMENT ON COLUMN affsync.rebate_flows.since IS 'For growth: the last reading before it. Null for dated rebates.';
COMMENT ON COLUMN affsync.rebate_flows.until IS 'For growth: the reading that detected it. Null for dated rebates.';
COMMENT ON COLUMN affsync.rebate_flows.net_usd IS 'The earning that the rebate is a share of, minus the rebate, in US dollars; null for growth, and if unknown.';
