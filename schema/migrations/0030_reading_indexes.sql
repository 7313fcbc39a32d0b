-- affsync: outside of a transaction
-- What is asked of some days and of running totals reads the rows that it is about.
-- The conditions keep these indexes from serving a search by key: while the statistics do not know a
-- stream, PostgreSQL takes any index that could for as good as the key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS commission_earned_on ON affsync.commission
  (source_id,
   (coalesce(occurred_on, (occurred_at AT TIME ZONE 'UTC')::date, (occurred_to AT TIME ZONE 'UTC')::date)),
   stream)
  WHERE coalesce(occurred_on, (occurred_at AT TIME ZONE 'UTC')::date, (occurred_to AT TIME ZONE 'UTC')::date) IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS commission_without_day ON affsync.commission (source_id)
  WHERE coalesce(occurred_on, (occurred_at AT TIME ZONE 'UTC')::date, (occurred_to AT TIME ZONE 'UTC')::date) IS NULL
    AND grain IS DISTINCT FROM 'lifetime';
CREATE INDEX CONCURRENTLY IF NOT EXISTS commission_running_totals ON affsync.commission
  (source_id, stream, external_id) WHERE grain = 'lifetime';
DROP INDEX CONCURRENTLY IF EXISTS affsync.commission_by_day;
