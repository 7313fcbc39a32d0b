-- What was passed on when: dated rebates, and the recorded growth of running totals. Where a client
-- has dated rebates, its running totals tell the same money once more and are left out.
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
                    AND coalesce(st.in_reports, true));
COMMENT ON VIEW affsync.rebate_flows IS 'Rebates that have a time: dated rows, and the recorded growth of the running totals of clients without any; nothing that was rejected or reversed.';
COMMENT ON COLUMN affsync.rebate_flows.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.rebate_flows.source IS 'Name of the source.';
COMMENT ON COLUMN affsync.rebate_flows.connector IS 'Connector of the source.';
COMMENT ON COLUMN affsync.rebate_flows.stream IS 'The feed.';
COMMENT ON COLUMN affsync.rebate_flows.external_id IS 'The row''s key in affsync.rebate.';
COMMENT ON COLUMN affsync.rebate_flows.client_ref IS 'The client.';
COMMENT ON COLUMN affsync.rebate_flows.account IS 'The client''s trading account.';
COMMENT ON COLUMN affsync.rebate_flows.rebate_group_id IS 'The rule; see affsync.rebate_group.';
COMMENT ON COLUMN affsync.rebate_flows.status IS 'Status of the rebate.';
COMMENT ON COLUMN affsync.rebate_flows.day IS 'The UTC day on which it was passed on; of growth, on which affsync met it.';
COMMENT ON COLUMN affsync.rebate_flows.currency IS 'Currency of amount.';
COMMENT ON COLUMN affsync.rebate_flows.amount IS 'Passed on, or grown by.';
COMMENT ON COLUMN affsync.rebate_flows.amount_usd IS 'The same in US dollars; null where nothing tells.';
COMMENT ON COLUMN affsync.rebate_flows.usd_origin IS 'Where amount_usd is from; null when there is none.';
COMMENT ON COLUMN affsync.rebate_flows.since IS 'Of growth: the last reading before it. Null of dated rebates.';
COMMENT ON COLUMN affsync.rebate_flows.until IS 'Of growth: the reading that found it. Null of dated rebates.';
COMMENT ON COLUMN affsync.rebate_flows.net_usd IS 'What is left of the earning that it is a part of, in US dollars; null of growth, and where nothing tells.';
