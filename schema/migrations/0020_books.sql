-- What the views of the books need to know and to find: whose rows ever say that they were paid, and
-- what the currency and the state of a row were at the time of an earlier change.
ALTER TABLE affsync.stream ADD COLUMN has_paid_state boolean;
COMMENT ON COLUMN affsync.stream.has_paid_state IS 'Whether the status of its commission rows can become paid, so that the others are unpaid. False where the broker does not tell: there, reporting.balances says what is owed. Null until affsync registers the stream again.';

-- Few changes name these two columns, so the next one that does is found without reading the others.
CREATE INDEX record_change_of_currency ON affsync.record_change
  (source_id, record_table, stream, external_id, change_id) WHERE before ? 'currency';
CREATE INDEX record_change_of_status ON affsync.record_change
  (source_id, record_table, stream, external_id, change_id) WHERE before ? 'status';
