-- No steps are kept: each server finds those of its rows.
-- beside: e2da271ab75e
CREATE OR REPLACE VIEW affsync.rebate_steps AS
SELECT * FROM affsync.rebate_steps_by_row;
COMMENT ON VIEW affsync.rebate_steps IS 'Recorded growth of running totals of rebates (grain lifetime), one row per change, including rows that have since left the list. The value of a total at its first reading is not in any step.';
COMMENT ON COLUMN affsync.rebate_steps.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.rebate_steps.source IS 'Name of the source.';
COMMENT ON COLUMN affsync.rebate_steps.connector IS 'Connector of the source.';
COMMENT ON COLUMN affsync.rebate_steps.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN affsync.rebate_steps.external_id IS 'The row''s key in affsync.rebate.';
COMMENT ON COLUMN affsync.rebate_steps.client_ref IS 'The client.';
COMMENT ON COLUMN affsync.rebate_steps.account IS 'The client''s trading account.';
COMMENT ON COLUMN affsync.rebate_steps.rebate_group_id IS 'The rule; see affsync.rebate_group.';
COMMENT ON COLUMN affsync.rebate_steps.status IS 'Status of the rebate.';
COMMENT ON COLUMN affsync.rebate_steps.currency IS 'Currency of amount at that time.';
COMMENT ON COLUMN affsync.rebate_steps.day IS 'The UTC day on which affsync detected the change.';
COMMENT ON COLUMN affsync.rebate_steps.amount IS 'Change of the total.';
COMMENT ON COLUMN affsync.rebate_steps.amount_usd IS 'Change of the broker''s own amount in US dollars; else amount converted at the rate of the day, to 8 digits after the point; else null. See usd_origin.';
COMMENT ON COLUMN affsync.rebate_steps.usd_origin IS 'Origin of amount_usd: broker, same currency, fixed rate (affsync.currency_unit), fx_rate or implied (affsync.fx_implied); null if there is no amount in US dollars.';
COMMENT ON COLUMN affsync.rebate_steps.counts IS 'False if the row was rejected or reversed: never add such rows.';
COMMENT ON COLUMN affsync.rebate_steps.since IS 'Time of the last reading that found the old total: the total grew between since and until. It is the start of the last succeeded run before the change; if such runs are no longer stored, the last earlier change of the row.';
COMMENT ON COLUMN affsync.rebate_steps.until IS 'When affsync detected the change.';
COMMENT ON COLUMN affsync.rebate_steps.change_id IS 'The change; see affsync.record_change.';
