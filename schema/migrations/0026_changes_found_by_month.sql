-- The next change that names a currency or a state is found in every month, not in the early ones alone.
ALTER INDEX affsync.record_change_of_currency RENAME TO record_change_early_of_currency;
ALTER INDEX affsync.record_change_of_status RENAME TO record_change_early_of_status;
CREATE INDEX record_change_of_currency ON affsync.record_change
  (source_id, record_table, stream, external_id, change_id) WHERE before ? 'currency';
CREATE INDEX record_change_of_status ON affsync.record_change
  (source_id, record_table, stream, external_id, change_id) WHERE before ? 'status';
