"""The work of affsync as a script of an afternoon: pages over HTTP, rows normalised, their JSON kept,
changes detected, a transaction for each page with the place to go on from, totals compared."""
import datetime
import hashlib
import io
import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import requests

BROKER = os.environ["BROKER"]
PAGE = int(os.environ.get("PAGE", "1000"))
SOURCE = os.environ.get("SOURCE_ID", "1000")
FIELDS = ["external_id", "content_hash", "client_ref", "account", "kind", "status", "amount",
          "currency", "amount_usd", "volume_lots", "orders_count", "link_code", "partner_account",
          "grain", "occurred_on", "raw"]
COLUMNS = "source_id, stream, run_id, revision, first_seen_at, changed_at, " + ", ".join(FIELDS)
# Asks for no plan but the primary key, so that it is as fast without statistics as with them; PostgreSQL
# locks each row that is known, also an unchanged one.
MERGE = f"""
    PREPARE merge AS WITH merged AS (
      INSERT INTO peer.commission AS t ({COLUMNS}) SELECT {COLUMNS} FROM staged
      ON CONFLICT (source_id, stream, external_id) DO UPDATE SET
        (run_id, revision, changed_at, deleted_at, {", ".join(FIELDS[1:])}) =
        (excluded.run_id, t.revision + 1, excluded.changed_at, NULL,
         {", ".join("excluded." + field for field in FIELDS[1:])})
      WHERE t.content_hash <> excluded.content_hash OR t.deleted_at IS NOT NULL
      RETURNING t.xmax = 0 AS fresh)
    SELECT count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE NOT fresh) FROM merged"""

session = requests.Session()


def fetch(offset):
    answer = session.get(f"{BROKER}/api/reports/rewards/", timeout=30, params={
        "ordering": "reward_date,client_account", "limit": PAGE, "offset": offset})
    answer.raise_for_status()
    return json.loads(answer.content)


def pages():
    """The pages, each requested while the one before is being stored."""
    with ThreadPoolExecutor(1) as pool:
        following, offset = pool.submit(fetch, 0), 0
        while following:
            answer = following.result()
            offset += len(answer["data"])
            more = answer["data"] and offset < answer["totals"]["count"]
            following = pool.submit(fetch, offset) if more else None
            yield answer


def normalise(row):
    # Money arrives as text and stays text; repr() of a float is the shortest text that reads back as
    # the same number, which is the broker's own for a few decimals.
    raw = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return (str(row["id"]), hashlib.md5(raw.encode()).hexdigest(), row["client_uid"].lower(),
            str(row["client_account"]), "spread_share", "paid", row["reward"],
            row["currency"].upper(), row["reward_usd"], repr(row["volume_lots"]),
            str(row["orders_count"]), row["link_code"], row["partner_account"], "day",
            row["reward_date"], raw)


SPECIAL = re.compile(r"[\\\n\r\t]")
ESCAPES = {"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


def cell(value):
    if value is None:
        return r"\N"
    return SPECIAL.sub(lambda found: ESCAPES[found.group()], value)


def copy(cursor, table, rows):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    head = f"{SOURCE}\trewards\t1\t1\t{now}\t{now}\t"
    text = "".join(head + "\t".join(map(cell, row)) + "\n" for row in rows)
    cursor.copy_expert(f"COPY {table} ({COLUMNS}) FROM STDIN", io.StringIO(text), 1 << 20)


def main():
    connection = psycopg2.connect("")
    cursor = connection.cursor()
    cursor.execute("""
        CREATE TEMPORARY TABLE staged (LIKE peer.commission) ON COMMIT DELETE ROWS;
        CREATE TABLE IF NOT EXISTS peer.place (source_id int PRIMARY KEY, rows_read bigint);""" + MERGE)
    connection.commit()
    start = time.monotonic()
    read = inserted = updated = 0
    totals = {}
    for page in pages():
        rows, totals = [normalise(row) for row in page["data"]], page["totals"]
        read += len(rows)
        copy(cursor, "staged", rows)
        cursor.execute("EXECUTE merge")
        new, differing = cursor.fetchone()
        cursor.execute("""INSERT INTO peer.place VALUES (%s, %s)
            ON CONFLICT (source_id) DO UPDATE SET rows_read = excluded.rows_read""",
                       (SOURCE, read))
        connection.commit()
        inserted += new
        updated += differing
    cursor.execute("""SELECT count(*), sum(amount_usd)::text FROM peer.commission
        WHERE source_id = %s AND stream = 'rewards' AND deleted_at IS NULL""", (SOURCE,))
    stored = cursor.fetchone()
    if stored != (totals["count"], totals["reward_usd"]):
        raise SystemExit(f"stored {stored}; the broker says {totals}")
    seconds = time.monotonic() - start
    connection.close()
    print(json.dumps({"seconds": seconds, "inserted": inserted, "updated": updated,
                      "unchanged": read - inserted - updated}))


main()
