-- What the status or the currency of a row was at a change is told by its next change of that column, which
-- is found without reading all changes of the amount between.
CREATE INDEX record_change_of_words ON affsync.record_change (source_id, record_table, stream, external_id, change_id)
  WHERE before ? 'status' OR before ? 'currency';
