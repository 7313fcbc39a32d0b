-- Returns the day of a row, the same in all views. PostgreSQL inlines the function.
CREATE OR REPLACE FUNCTION affsync.earned_on(
  occurred_on date, occurred_at timestamptz, occurred_to timestamptz
) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(occurred_on, (occurred_at AT TIME ZONE 'UTC')::date,
                  (occurred_to AT TIME ZONE 'UTC')::date)
$$;
COMMENT ON FUNCTION affsync.earned_on(date, timestamptz, timestamptz) IS 'The day of a row with money: the broker''s own day; else the UTC day of its time; else the latest UTC day that its relative time allows.';
