-- Which falls of balances no payout explains. A payout explains no more than its amount, and that once; the
-- rule balance_dropped used each payout for every fall.
CREATE FUNCTION affsync.falls_and_payouts(falls jsonb, payouts jsonb)
RETURNS TABLE (fall_no bigint, fall numeric, fell_at timestamptz, payout_no bigint, worth numeric, apart numeric)
LANGUAGE sql STABLE AS $$
  SELECT f.fall_no, f.fall, f.fell_at, p.payout_no, w.worth, d.apart
  FROM (
    SELECT x.fall_no, (x.item ->> 'fall')::numeric AS fall, (x.item ->> 'fall_usd')::numeric AS usd,
           x.item ->> 'currency' AS currency, (x.item ->> 'changed_at')::timestamptz AS fell_at
    FROM jsonb_array_elements(falls) WITH ORDINALITY AS x(item, fall_no)
  ) f
  JOIN (
    SELECT x.payout_no, (x.item ->> 'amount')::numeric AS amount, (x.item ->> 'usd')::numeric AS usd,
           x.item ->> 'currency' AS currency, (x.item ->> 'dated_at')::timestamptz AS dated_at,
           (x.item ->> 'known_at')::timestamptz AS known_at, (x.item ->> 'changed_at')::timestamptz AS changed_at
    FROM jsonb_array_elements(payouts) WITH ORDINALITY AS x(item, payout_no)
  ) p
    ON p.changed_at > f.fell_at - interval '8 days' AND p.dated_at > f.fell_at - interval '31 days'
    AND p.known_at <= f.fell_at + interval '3 days'
  CROSS JOIN LATERAL (
    SELECT CASE WHEN p.currency = f.currency THEN p.amount ELSE p.usd * f.fall / nullif(f.usd, 0) END AS worth
  ) w
  CROSS JOIN LATERAL (
    SELECT least(abs(extract(epoch FROM p.dated_at - f.fell_at)), abs(extract(epoch FROM p.known_at - f.fell_at)))
             AS apart
  ) d
  WHERE w.worth > 0
$$;
COMMENT ON FUNCTION affsync.falls_and_payouts(jsonb, jsonb) IS 'Pairs of a fall and a payout of about that time (dated in the 31 days before it, its row changed in the eight days before it or later, and known three days after it at the latest), with what the payout is worth in the currency of the fall, and the seconds between them.';

CREATE FUNCTION affsync.unexplained_falls(falls jsonb, payouts jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  explained bigint[] := '{}';
  rest numeric[];  -- the part of each payout that has explained nothing yet
  pair record;
  fallen record;
  payout record;
  part numeric;
BEGIN
  IF coalesce(jsonb_array_length(payouts), 0) = 0 THEN
    RETURN falls;
  END IF;
  rest := array_fill(1::numeric, ARRAY[jsonb_array_length(payouts)]);

  -- First by payouts that are as large as a fall; of all such pairs the nearest in time first.
  FOR pair IN
    SELECT b.fall_no, b.payout_no FROM affsync.falls_and_payouts(falls, payouts) b
    WHERE b.worth >= b.fall * 0.9 AND b.worth * 0.9 <= b.fall
    ORDER BY b.apart, abs(b.worth - b.fall), b.fall_no, b.payout_no
  LOOP
    CONTINUE WHEN pair.fall_no = ANY (explained) OR rest[pair.payout_no] = 0;
    explained := explained || pair.fall_no;
    rest[pair.payout_no] := 0;
  END LOOP;

  -- Then by several payouts, or by a part of one.
  FOR fallen IN
    SELECT b.fall_no, b.fall AS amount, array_agg(b.payout_no ORDER BY b.payout_no) AS payout_nos,
           array_agg(b.worth ORDER BY b.payout_no) AS worths
    FROM affsync.falls_and_payouts(falls, payouts) b
    WHERE b.fall_no <> ALL (explained)
    GROUP BY b.fall_no, b.fall, b.fell_at
    ORDER BY b.fell_at, b.fall_no
  LOOP
    CONTINUE WHEN (SELECT sum(rest[p.payout_no] * p.worth)
                   FROM unnest(fallen.payout_nos, fallen.worths) AS p(payout_no, worth)) < fallen.amount * 0.9;
    explained := explained || fallen.fall_no;
    FOR payout IN SELECT p.payout_no, p.worth FROM unnest(fallen.payout_nos, fallen.worths) AS p(payout_no, worth)
    LOOP
      EXIT WHEN fallen.amount <= 0;
      part := least(rest[payout.payout_no], fallen.amount / payout.worth);
      rest[payout.payout_no] := rest[payout.payout_no] - part;
      fallen.amount := fallen.amount - part * payout.worth;
    END LOOP;
  END LOOP;

  RETURN (SELECT jsonb_agg(x.item ORDER BY x.fall_no)
          FROM jsonb_array_elements(falls) WITH ORDINALITY AS x(item, fall_no)
          WHERE x.fall_no <> ALL (explained));
END
$$;
COMMENT ON FUNCTION affsync.unexplained_falls(jsonb, jsonb) IS 'Those of the falls that no payout explains, each with all its members. Each payout explains falls up to its amount, within a tenth. Null: none is left.';

-- `affsync backup` as a member of affsync_writer: pg_dump reads what the sequences stand at.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT SELECT ON ALL SEQUENCES IN SCHEMA affsync TO affsync_writer;
    ALTER DEFAULT PRIVILEGES IN SCHEMA affsync GRANT SELECT ON SEQUENCES TO affsync_writer;
  END IF;
END
$$;
