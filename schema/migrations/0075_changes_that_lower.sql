-- What may have lowered commission is found without reading what only raised it: running totals that grow
-- are most of the changes.
CREATE INDEX record_change_of_falls ON affsync.record_change (source_id, changed_at)
  WHERE record_table = 'commission'
    AND (operation = 'delete'
         OR operation = 'update'
            AND (coalesce((after ->> 'amount')::numeric, 0) < coalesce((before ->> 'amount')::numeric, 0)
                 OR after ->> 'status' IN ('rejected', 'reversed')));
