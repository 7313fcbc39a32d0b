-- The index by day leaves out rows without one, so that it cannot serve a search by key. As long as
-- the statistics do not know a stream (all through its first load), PostgreSQL took the two indexes
-- for equally good ways to one key, preferred the smaller one, and read every row of the stream for
-- each key of each page.
DROP INDEX affsync.commission_by_day;
CREATE INDEX commission_by_day ON affsync.commission (source_id, stream, occurred_on)
  WHERE occurred_on IS NOT NULL;
