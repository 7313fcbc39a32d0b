// What the two Node scripts share: reading pages, a row as COPY wants it.
import http from 'node:http';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import pgCopy from 'pg-copy-streams';

const broker = process.env.BROKER;
const size = Number(process.env.PAGE || 1000);
export const source = process.env.SOURCE_ID || '1000';

const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

function get(path) {
  return new Promise((resolve, reject) => {
    http.get(broker + path, { agent }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const body = Buffer.concat(parts).toString();
        if (answer.statusCode === 200) resolve(JSON.parse(body));
        else reject(new Error(`${path}: ${answer.statusCode} ${body.slice(0, 200)}`));
      });
    }).on('error', reject);
  });
}

const page = (offset) =>
  get(`/api/reports/rewards/?ordering=reward_date,client_account&limit=${size}&offset=${offset}`);

// The pages, each requested while the one before is being stored.
export async function* pages() {
  let next = page(0);
  for (let offset = 0; ;) {
    const answer = await next;
    offset += answer.data.length;
    const more = answer.data.length > 0 && offset < answer.totals.count;
    if (more) {
      next = page(offset);
      next.catch(() => {}); // awaited above, in the next turn
    }
    yield answer;
    if (!more) return;
  }
}

// Money arrives as text and stays text. `volume_lots` is a number of the JSON; JavaScript prints the
// shortest text that reads back as the same number, which is the broker's own for a few decimals.
export function normalise(row, keepRaw) {
  const raw = JSON.stringify(row);
  return {
    external_id: String(row.id),
    content_hash: createHash('md5').update(raw).digest('hex'),
    client_ref: row.client_uid?.toLowerCase() ?? null,
    account: row.client_account == null ? null : String(row.client_account),
    kind: 'spread_share',
    status: 'paid',
    amount: row.reward,
    currency: row.currency?.toUpperCase() ?? null,
    amount_usd: row.reward_usd,
    volume_lots: row.volume_lots == null ? null : String(row.volume_lots),
    orders_count: row.orders_count == null ? null : String(row.orders_count),
    link_code: row.link_code,
    partner_account: row.partner_account,
    grain: 'day',
    occurred_on: row.reward_date,
    raw: keepRaw ? raw : null,
  };
}

const fields = ['external_id', 'content_hash', 'client_ref', 'account', 'kind', 'status', 'amount',
  'currency', 'amount_usd', 'volume_lots', 'orders_count', 'link_code', 'partner_account', 'grain',
  'occurred_on', 'raw'];
const columns =
  `source_id, stream, run_id, revision, first_seen_at, changed_at, ${fields.join(', ')}`;

const special = /[\\\n\r\t]/;
function cell(value) {
  if (value == null) return '\\N';
  if (!special.test(value)) return value;
  return value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t');
}

export async function copy(client, table, rows) {
  const now = new Date().toISOString();
  let text = '';
  for (const row of rows) {
    text += `${source}\trewards\t1\t1\t${now}\t${now}`;
    for (const field of fields) text += '\t' + cell(row[field]);
    text += '\n';
  }
  const stream = client.query(pgCopy.from(`COPY ${table} (${columns}) FROM STDIN`));
  stream.end(text);
  await once(stream, 'finish');
}

// Inserts what is new and updates what differs. It asks for no plan but the primary key, so that it is as
// fast without statistics as with them; PostgreSQL locks each row that is known, also an unchanged one.
export const merge = (from) => `
  WITH merged AS (
    INSERT INTO peer.commission AS t (${columns}) SELECT ${columns} FROM ${from}
    ON CONFLICT (source_id, stream, external_id) DO UPDATE SET
      (run_id, revision, changed_at, deleted_at, ${fields.slice(1).join(', ')}) =
      (excluded.run_id, t.revision + 1, excluded.changed_at, NULL,
       ${fields.slice(1).map((field) => `excluded.${field}`).join(', ')})
    WHERE t.content_hash <> excluded.content_hash OR t.deleted_at IS NOT NULL
    RETURNING t.xmax = 0 AS fresh)
  SELECT count(*) FILTER (WHERE fresh)::int AS inserted,
         count(*) FILTER (WHERE NOT fresh)::int AS updated FROM merged`;

// Rows and the exact sum of the amounts must be the broker's own.
export async function reconcile(client, totals) {
  const { rows: [stored] } = await client.query(
    `SELECT count(*)::text AS count, sum(amount_usd)::text AS sum FROM peer.commission
     WHERE source_id = $1 AND stream = 'rewards' AND deleted_at IS NULL`, [source]);
  if (stored.count !== String(totals.count) || stored.sum !== totals.reward_usd)
    throw new Error(`stored ${stored.count} rows, ${stored.sum}; the broker says ` +
      `${totals.count}, ${totals.reward_usd}`);
}
