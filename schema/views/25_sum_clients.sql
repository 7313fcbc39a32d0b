-- Adds up the dated rows of a source, a table and some days by client, as a new span. No other span has one
-- of these days.
CREATE OR REPLACE FUNCTION affsync.sum_clients(
  of_table text, of_source integer, first date, last date, again boolean
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- Rows and rates of one moment: what is committed later has a mark that is seen later.
  WITH dated AS MATERIALIZED (
    SELECT coalesce(b.client_ref, '') AS client_ref, b.counts, b.amount_usd, b.volume_lots, b.usd_origin,
           b.day, b.link_code, b.amount IS NOT NULL AND b.amount_usd IS NULL AS unknown,
           CASE WHEN b.amount IS NOT NULL AND b.usd_origin IS DISTINCT FROM 'broker'
                THEN coalesce(u.whole, b.currency) END AS converted
    FROM (
      SELECT client_ref, counts, amount, currency, amount_usd, volume_lots, usd_origin, day, link_code
      FROM affsync.commission_books
      WHERE of_table = 'commission' AND source_id = of_source AND day BETWEEN first AND last
        AND grain IS DISTINCT FROM 'lifetime'
      UNION ALL
      SELECT client_ref, counts, amount, currency, amount_usd, NULL, usd_origin, day, NULL
      FROM affsync.rebate_books
      WHERE of_table = 'rebate' AND source_id = of_source AND day BETWEEN first AND last
        AND grain IS DISTINCT FROM 'lifetime'
    ) b
    LEFT JOIN affsync.currency_unit u ON u.currency = b.currency
    WHERE (octet_length(coalesce(b.client_ref, '')) > 1000)::integer <> 1
  ), sums AS (
    INSERT INTO affsync.client_sum
      (source_id, record_table, span_from, client_ref, counts, amount_usd, without_usd, volume_lots,
       first_origin, last_origin, last_on, first_link, last_link)
    SELECT of_source, of_table, first, d.client_ref, bool_or(d.counts),
           sum(d.amount_usd) FILTER (WHERE d.counts), count(*) FILTER (WHERE d.counts AND d.unknown),
           sum(d.volume_lots) FILTER (WHERE d.counts),
           min(d.usd_origin) FILTER (WHERE d.counts AND of_table = 'commission'),
           max(d.usd_origin) FILTER (WHERE d.counts AND of_table = 'commission'),
           max(d.day) FILTER (WHERE d.counts AND of_table = 'commission'),
           min(d.link_code), max(d.link_code)
    FROM dated d
    GROUP BY d.client_ref
    RETURNING 1
  ), found AS (
    SELECT count(*) AS rows,
           coalesce(array_agg(DISTINCT d.converted) FILTER (WHERE d.converted <> 'USD'), '{}') AS converted,
           coalesce(bool_or(d.converted <> 'USD' AND coalesce(d.usd_origin, 'implied') = 'implied'), false)
             AS implied
    FROM dated d
  )
  INSERT INTO affsync.client_span
    (source_id, record_table, span_from, span_to, rows, lines, converted, implied, stale, again, summed_at)
  SELECT of_source, of_table, first, last, f.rows, (SELECT count(*) FROM sums), f.converted, f.implied,
         false, sum_clients.again, now()
  FROM found f;
END
$$;
COMMENT ON FUNCTION affsync.sum_clients(text, integer, date, date, boolean) IS 'Part of affsync.fold_clients(), which holds the lock that it needs.';
