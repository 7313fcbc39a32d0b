-- A receiver may refuse one message for good, such as one that is too long for it, and take the others.
ALTER TABLE affsync.alert_message ADD COLUMN refused boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN affsync.alert_message.refused IS 'The receiver answered the last attempt, and it was this message that it did not want. After five attempts others are sent before it.';
