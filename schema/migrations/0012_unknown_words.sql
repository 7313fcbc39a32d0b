-- Rows whose state the connector does not know are few and have to be found at a glance.
CREATE INDEX client_unknown_word ON affsync.client (source_id, stream) WHERE status = 'unknown';
CREATE INDEX commission_unknown_word ON affsync.commission (source_id, stream) WHERE status = 'unknown';
CREATE INDEX payout_unknown_word ON affsync.payout (source_id, stream) WHERE status = 'unknown';
CREATE INDEX rebate_unknown_word ON affsync.rebate (source_id, stream) WHERE status = 'unknown';
