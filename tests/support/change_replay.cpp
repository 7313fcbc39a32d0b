#include "tests/support/change_replay.hpp"

namespace affsync::test {

char const* const change_replay_sql = R"sql(
SET timezone = 'UTC';
CREATE OR REPLACE FUNCTION pg_temp.contradictions(record_table text) RETURNS SETOF text
LANGUAGE plpgsql AS $replay$
DECLARE
  r record;
  c record;
  k text;
  now_ jsonb;
  who text;
  seen integer;
  raw_known boolean;
BEGIN
  FOR r IN EXECUTE format('SELECT t.source_id, t.stream, t.external_id, t.revision, t.changed_at,'
                          ' t.run_id, to_jsonb(t) AS content FROM affsync.%I t', record_table) LOOP
    now_ := r.content;
    who := format('%s %s/%s/%s', record_table, r.source_id, r.stream, r.external_id);
    seen := 0;
    raw_known := true;
    FOR c IN SELECT * FROM affsync.record_change x WHERE x.source_id = r.source_id
             AND x.record_table = contradictions.record_table AND x.stream = r.stream
             AND x.external_id = r.external_id ORDER BY x.change_id DESC LOOP
      seen := seen + 1;
      IF seen = 1 AND (c.changed_at, c.run_id) IS DISTINCT FROM (r.changed_at, r.run_id) THEN
        RETURN NEXT format('%s: stored by run %s at %s, its latest change is of run %s at %s',
                           who, r.run_id, r.changed_at, c.run_id, c.changed_at);
      END IF;
      IF c.after = '{}' THEN
        RETURN NEXT format('%s: change %s names nothing', who, c.change_id);
      END IF;
      FOR k IN SELECT jsonb_object_keys(c.after) UNION SELECT jsonb_object_keys(c.before) LOOP
        -- A changed privacy setting removes or hashes personal data without a change record.
        -- Two members that are no columns tell what came in the place of a vanished row.
        CONTINUE WHEN k IN ('raw', 'name', 'email', 'phone', 'counted', 'because');
        IF now_ -> k IS DISTINCT FROM c.after -> k THEN
          RETURN NEXT format('%s: %s is %s, but change %s (%s) made it %s', who, k,
                             coalesce(now_ ->> k, 'null'), c.change_id, c.operation,
                             coalesce(c.after ->> k, 'null'));
        END IF;
      END LOOP;
      IF c.after ? 'raw' AND jsonb_typeof(c.after -> 'raw') = 'object' AND raw_known THEN
        FOR k IN SELECT jsonb_object_keys(c.after -> 'raw')
                 UNION SELECT jsonb_object_keys(c.before -> 'raw') LOOP
          IF now_ -> 'raw' -> k IS DISTINCT FROM c.after -> 'raw' -> k THEN
            RETURN NEXT format('%s: raw.%s is %s, but change %s made it %s', who, k,
                               coalesce(now_ -> 'raw' ->> k, 'absent'), c.change_id,
                               coalesce(c.after -> 'raw' ->> k, 'absent'));
          END IF;
        END LOOP;
        now_ := jsonb_set(now_, '{raw}', (now_ -> 'raw')
                          - (SELECT coalesce(array_agg(m), '{}')
                             FROM jsonb_object_keys(c.after -> 'raw') m) || (c.before -> 'raw'));
      ELSIF c.operation <> 'delete' THEN
        raw_known := false;  -- a change of columns does not record raw
      END IF;
      now_ := now_ || (c.before - 'raw');
    END LOOP;
    IF seen <> r.revision - 1 THEN
      RETURN NEXT format('%s: revision %s with %s changes', who, r.revision, seen);
    END IF;
    IF now_ ->> 'deleted_at' IS NOT NULL THEN
      RETURN NEXT format('%s: was marked as vanished at its first revision', who);
    END IF;
  END LOOP;
  RETURN QUERY EXECUTE format(
    'SELECT ''%1$s '' || c.source_id || ''/'' || c.stream || ''/'' || c.external_id'
    ' || '': change '' || c.change_id || '' of a row that does not exist'''
    ' FROM affsync.record_change c WHERE c.record_table = ''%1$s'' AND NOT EXISTS (SELECT FROM'
    ' affsync.%1$I t WHERE t.source_id = c.source_id AND t.stream = c.stream'
    ' AND t.external_id = c.external_id)', record_table);
END
$replay$;
SELECT pg_temp.contradictions(t) FROM unnest(ARRAY['client', 'trading_account', 'rebate_group',
  'rebate', 'commission', 'payout', 'balance', 'metric']) t;
)sql";

}  // namespace affsync::test
