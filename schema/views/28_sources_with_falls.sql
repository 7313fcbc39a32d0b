-- Which sources have changes that may have lowered commission, by the index record_change_of_falls. PostgreSQL
-- takes longer to plan how losses are read, in all months that there are, than for everything else that is
-- judged; and hardly ever has anything fallen.
--
-- In plpgsql, so that the times are known when the query is planned, which then opens the few months that it needs.
CREATE OR REPLACE FUNCTION affsync.sources_with_falls(since timestamptz) RETURNS TABLE (source_id integer)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  -- As affsync.commission_losses() has them.
  from_time timestamptz := date_trunc('day', $1, 'UTC');
  until_time timestamptz := now() + interval '2 days';
BEGIN
  RETURN QUERY
    -- The changes of a source lie with its state on a distributed database.
    SELECT DISTINCT z.source_id
    FROM affsync.stream_state z
    WHERE EXISTS (
      SELECT FROM affsync.record_change h
      WHERE h.source_id = z.source_id AND h.changed_at >= from_time AND h.changed_at < until_time
        AND h.record_table = 'commission'
        AND (h.operation = 'delete'
             OR h.operation = 'update'
                AND (coalesce((h.after ->> 'amount')::numeric, 0)
                       < coalesce((h.before ->> 'amount')::numeric, 0)
                     OR h.after ->> 'status' IN ('rejected', 'reversed'))));
END
$$;
COMMENT ON FUNCTION affsync.sources_with_falls(timestamptz) IS 'Sources that have changes since the UTC day of a time by which their commission may have become less.';
