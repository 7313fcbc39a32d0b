// The quick script: everything into a temporary table, one merge, one transaction. The broker's rows are
// not kept, and a pass that fails begins at the first page again.
import pg from 'pg';
import { copy, merge, normalise, pages, reconcile } from './common.mjs';

const client = new pg.Client();
await client.connect();
const start = performance.now();
await client.query(`BEGIN;
  CREATE TEMPORARY TABLE staged (LIKE peer.commission) ON COMMIT DROP;
  ALTER TABLE staged ALTER COLUMN raw DROP NOT NULL`);
let read = 0, totals;
for await (const page of pages()) {
  totals = page.totals;
  read += page.data.length;
  await copy(client, 'staged', page.data.map((row) => normalise(row, false)));
}
await client.query('ANALYZE staged');
const differing = `(
  SELECT s.* FROM staged s LEFT JOIN peer.commission t USING (source_id, stream, external_id)
  WHERE t.content_hash IS DISTINCT FROM s.content_hash OR t.deleted_at IS NOT NULL) d`;
const { rows: [{ inserted, updated }] } = await client.query(merge(differing));
await reconcile(client, totals);
await client.query('COMMIT');
const seconds = (performance.now() - start) / 1000;
await client.end();
console.log(JSON.stringify({ seconds, inserted, updated, unchanged: read - inserted - updated }));
process.exit(0); // without waiting for the agent's idle connections
