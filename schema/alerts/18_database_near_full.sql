-- Tells that the disk of the database, or the size that it may have, is nearly used up.
-- severity: urgent
-- setting: above percent 90% Used part of the disk under affsync's own PostgreSQL, or of limit_gb, at least.
-- setting: limit_gb count 1000000 Size in gigabytes that a database elsewhere may have.
SELECT
  'database' AS cause, NULL::integer AS source_id, NULL::text AS source, NULL::text AS stream,
  NULL::text AS subject, NULL::text AS event, 'urgent' AS severity, NULL::timestamptz AS happened_at,
  NULL::text AS currency, NULL::numeric AS amount, NULL::numeric AS amount_usd, NULL::numeric AS weight,
  jsonb_build_object('database_bytes', d.used, 'free_bytes', d.free, 'size_bytes', d.size) AS figures,
  CASE WHEN d.disk_full THEN 'The disk of the database is nearly full'
       ELSE 'The database is nearly as large as it may be' END AS title,
  CASE WHEN d.disk_full
       THEN pg_size_pretty(d.free) || ' of ' || pg_size_pretty(d.size) || ' are free; the database takes '
            || pg_size_pretty(d.used) || '.'
       ELSE 'It takes ' || pg_size_pretty(d.used) || ' of ' || d.limit_gb || ' GB.' END
    || ' When it is full, nothing new is stored.' AS text,
  'Make room, or let old runs and quarantined rows go sooner: retention in the configuration; affsync prune'
    AS remedy,
  'SELECT relname, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = '
    || quote_literal('r') || ' ORDER BY pg_total_relation_size(oid) DESC LIMIT 20' AS shown_by
FROM (
  SELECT pg_database_size(current_database()) AS used, k.free, k.size, k.limit_gb,
         coalesce((k.size - k.free) * 100 >= k.above * k.size, false) AS disk_full, k.above
  FROM (
    SELECT ($3::jsonb #>> '{disk,free}')::bigint AS free, ($3::jsonb #>> '{disk,size}')::bigint AS size,
           ($1::jsonb ->> 'limit_gb')::bigint AS limit_gb, ($1::jsonb ->> 'above')::numeric AS above
  ) k
) d
WHERE $2::timestamptz IS NOT NULL
  AND (d.disk_full OR d.used * 100 >= d.above * d.limit_gb * 1000000000)
