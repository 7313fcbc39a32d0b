-- The day of a row, for all views alike. PostgreSQL puts the body in the place of the call.
CREATE OR REPLACE FUNCTION affsync.earned_on(
  occurred_on date, occurred_at timestamptz, occurred_to timestamptz
) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(occurred_on, (occurred_at AT TIME ZONE 'UTC')::date,
                  (occurred_to AT TIME ZONE 'UTC')::date)
$$;
COMMENT ON FUNCTION affsync.earned_on(date, timestamptz, timestamptz) IS 'The day that a row of money counts for: the broker''s own day, or the UTC day of its time.';
