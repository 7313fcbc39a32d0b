-- An alert that ends because a setting was turned is not told to be over.
ALTER TABLE affsync.alert ADD COLUMN judged_by text;
COMMENT ON COLUMN affsync.alert.judged_by IS 'Hash of the rule and its settings by which it was found last, and, behind a blank, the seconds of its stream''s interval. If they are others when it is no longer found, that says nothing of the cause. Null: found before affsync kept it.';
COMMENT ON COLUMN affsync.alert.over_told_at IS 'When a message was written that it is over, or it was closed without need for one: nobody had been told of it, it happened long ago, or it was closed by what the configuration says, not by what happened; null: not yet.';
