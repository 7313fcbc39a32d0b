-- Whom an alert was told to: what a receiver missed is told to it later, and nobody hears the end of what
-- he was never told. What was told before is taken from the messages that are kept.
ALTER TABLE affsync.alert ADD COLUMN told_to text[], ADD COLUMN missed_by text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN affsync.alert.told_to IS 'Receivers that a message about it was sent to, or waits for; null: not known, or nobody yet.';
COMMENT ON COLUMN affsync.alert.missed_by IS 'Receivers whose message about it was given up. If it is still open, they are told once they take messages again.';

ALTER TABLE affsync.alert_message ADD COLUMN missed boolean NOT NULL DEFAULT false,
  ADD COLUMN catches_up boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN affsync.alert_message.missed IS 'It was given up just now: the next judgement of the rules notes in affsync.alert.missed_by what its receiver missed.';
COMMENT ON COLUMN affsync.alert_message.catches_up IS 'It tells what was given up and is still open. Tried once an hour, and at once when another message was taken; meanwhile others are sent before it.';
CREATE INDEX alert_message_missed ON affsync.alert_message (message_id) WHERE missed;

UPDATE affsync.alert a
SET told_to = t.told_to, missed_by = ARRAY(SELECT unnest(t.given_up) EXCEPT SELECT unnest(t.told_to))
FROM (
  SELECT u.alert_id, coalesce(array_agg(DISTINCT m.receiver) FILTER (WHERE m.given_up_at IS NULL), '{}') AS told_to,
         array_agg(DISTINCT m.receiver) FILTER (WHERE m.given_up_at IS NOT NULL) AS given_up
  FROM affsync.alert_message m
  CROSS JOIN LATERAL unnest(m.alert_ids) AS u(alert_id)
  WHERE m.kind NOT IN ('closed', 'test')
  GROUP BY 1
) t
WHERE a.alert_id = t.alert_id AND a.told_at IS NOT NULL AND (a.closed_at IS NULL OR a.over_told_at IS NULL);
