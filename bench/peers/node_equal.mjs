// The work of affsync as a script of an afternoon: pages over HTTP, rows normalised, their JSON kept,
// changes detected, a transaction for each page with the place to go on from, totals compared.
import pg from 'pg';
import { copy, merge, normalise, pages, reconcile, source } from './common.mjs';

const client = new pg.Client();
await client.connect();
await client.query(`CREATE TEMPORARY TABLE staged (LIKE peer.commission) ON COMMIT DELETE ROWS;
  CREATE TABLE IF NOT EXISTS peer.place (source_id int PRIMARY KEY, rows_read bigint)`);

const start = performance.now();
let inserted = 0, updated = 0, read = 0, totals;
for await (const page of pages()) {
  const rows = page.data.map((row) => normalise(row, true));
  totals = page.totals;
  read += rows.length;
  await client.query('BEGIN');
  await copy(client, 'staged', rows);
  const { rows: [merged] } = await client.query({ name: 'merge', text: merge('staged') });
  await client.query({
    name: 'place', values: [source, read],
    text: `INSERT INTO peer.place VALUES ($1, $2)
           ON CONFLICT (source_id) DO UPDATE SET rows_read = excluded.rows_read`,
  });
  await client.query('COMMIT');
  inserted += merged.inserted;
  updated += merged.updated;
}
await reconcile(client, totals);
const seconds = (performance.now() - start) / 1000;
await client.end();
console.log(JSON.stringify({ seconds, inserted, updated, unchanged: read - inserted - updated }));
process.exit(0); // without waiting for the agent's idle connections
