-- Words that alerts are written with, short enough for a telephone.
CREATE OR REPLACE FUNCTION affsync.short_amount(amount numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN amount = round(amount, 2) THEN round(amount, 2) ELSE trim_scale(amount) END::text
$$;
COMMENT ON FUNCTION affsync.short_amount(numeric) IS 'An amount with two digits after the point, or with all that it has.';

CREATE OR REPLACE FUNCTION affsync.rough_amount(amount numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN amount = 0 OR abs(amount) >= 0.01 THEN round(amount, 2)
              ELSE trim_scale(round(amount, greatest(8, 1 - floor(log(abs(amount)))::int))) END::text
$$;
COMMENT ON FUNCTION affsync.rough_amount(numeric) IS 'An amount that was converted, with two digits after the point; with those that it begins with if it is less than a hundredth.';

CREATE OR REPLACE FUNCTION affsync.money_text(amount numeric, currency text, usd numeric)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT affsync.short_amount(amount) || coalesce(' ' || currency, '')
         || CASE WHEN usd IS NOT NULL AND currency IS DISTINCT FROM 'USD'
                 THEN ' (' || affsync.rough_amount(usd) || ' USD)' ELSE '' END
$$;
COMMENT ON FUNCTION affsync.money_text(numeric, text, numeric) IS 'An amount in its currency and in US dollars: 41.20 EUR (45.30 USD).';

CREATE OR REPLACE FUNCTION affsync.time_text(at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT to_char(at AT TIME ZONE 'UTC', 'FMDD Mon HH24:MI') || ' UTC'
$$;
COMMENT ON FUNCTION affsync.time_text(timestamptz) IS 'A moment: 9 Mar 14:05 UTC.';

CREATE OR REPLACE FUNCTION affsync.days_text(first date, last date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN first IS NULL OR last IS NULL THEN 'days unknown'
    WHEN first = last THEN to_char(last, 'FMDD Mon YYYY')
    WHEN date_trunc('month', first) = date_trunc('month', last)
      THEN to_char(first, 'FMDD') || '-' || to_char(last, 'FMDD Mon YYYY')
    WHEN date_trunc('year', first) = date_trunc('year', last)
      THEN to_char(first, 'FMDD Mon') || ' - ' || to_char(last, 'FMDD Mon YYYY')
    ELSE to_char(first, 'FMDD Mon YYYY') || ' - ' || to_char(last, 'FMDD Mon YYYY')
  END
$$;
COMMENT ON FUNCTION affsync.days_text(date, date) IS 'Days from the first to the last: 3-9 Mar 2026.';

CREATE OR REPLACE FUNCTION affsync.span_text(span interval) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN s.seconds >= 2 * 86400 THEN s.seconds / 86400 || ' days'
    WHEN s.seconds >= 3600 THEN s.seconds / 3600 || ' h'
    WHEN s.seconds >= 60 THEN s.seconds / 60 || ' min'
    ELSE greatest(s.seconds, 0) || ' s'
  END
  FROM (SELECT floor(extract(epoch FROM span))::bigint AS seconds) s
$$;
COMMENT ON FUNCTION affsync.span_text(interval) IS 'A span of time in one unit: 3 days, 5 h, 20 min, 30 s.';

CREATE OR REPLACE FUNCTION affsync.some_of(words text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_to_string(words[1:3], ', ')
         || CASE WHEN cardinality(words) > 3 THEN ' and ' || cardinality(words) - 3 || ' more' ELSE '' END
$$;
COMMENT ON FUNCTION affsync.some_of(text[]) IS 'The first three words and how many more there are.';

CREATE OR REPLACE FUNCTION affsync.counted(number bigint, one text, several text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT number || ' ' || CASE WHEN number = 1 THEN one ELSE several END
$$;
COMMENT ON FUNCTION affsync.counted(bigint, text, text) IS 'A number with the word for what is counted: 1 row, 2 rows.';

-- Whether a blocked source is blocked now: a refused login until it works, a pause until it ends.
CREATE OR REPLACE FUNCTION affsync.is_blocked(source integer, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT EXISTS (SELECT FROM affsync.source_block b
                 WHERE b.source_id = source AND (b.code <> 'throttled' OR b.until > at))
$$;
COMMENT ON FUNCTION affsync.is_blocked(integer, timestamptz) IS 'Whether no requests are sent to a source at that time, as affsync.source_block says.';
