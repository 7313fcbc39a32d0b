#include "schema/store/file_notes.hpp"

#include <charconv>
#include <chrono>

#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

std::optional<std::string> sql_day(std::optional<DaySpan> const& period, bool last) {
  if (!period) return std::nullopt;
  return format_day(last ? period->to : period->from);
}

// "a.csv" of "a-2.csv".
std::string without_number_sql(std::string const& name) {
  return "regexp_replace(" + name + ", '-[0-9]+((\\.[^.]*)?)$', '\\1')";
}

}  // namespace

std::vector<FileNote> note_file(PgSession& session, StreamId const& id, FileNote const& note) {
  Transaction tx(session);
  SqlParams const params{std::to_string(id.source_id),
                         id.stream,
                         note.name,
                         note.content_hash,
                         sql_day(note.days, false),
                         sql_day(note.days, true),
                         std::to_string(note.rows),
                         note.status,
                         sql_time(note.read_at)};
  SqlParams const sought{std::to_string(id.source_id), id.stream, note.name,
                         sql_day(note.days, false), sql_day(note.days, true)};
  auto const rows =
      exec(tx,
           "SELECT DISTINCT ON (name) name, first_day::text, last_day::text, rows, status, " +
               epoch_sql("read_at") +
               " FROM affsync.file_read WHERE source_id = $1::int AND stream = $2 AND name <> $3"
               " AND first_day <= $5::date AND last_day >= $4::date"
               " AND NOT (first_day >= $4::date AND last_day <= $5::date)"
               " AND NOT (first_day <= $4::date AND last_day >= $5::date)"
               " ORDER BY name, read_at DESC LIMIT 20",
           sought);
  std::vector<FileNote> others;
  for (auto const& row : rows) {
    auto& other = others.emplace_back();
    other.name = row[0].c_str();
    other.days = DaySpan{parse_day(row[1].c_str()).value(), parse_day(row[2].c_str()).value()};
    other.rows = int_of(row[3]);
    other.status = row[4].c_str();
    other.read_at = time_of(row[5]).value_or(TimePoint());
  }
  exec(tx,
       "INSERT INTO affsync.file_read (source_id, stream, name, content_hash, first_day, last_day,"
       " rows, status, read_at) VALUES ($1::int, $2, $3, $4::uuid, $5::date, $6::date, $7::bigint,"
       " $8, $9::timestamptz)",
       params);
  tx.commit();
  return others;
}

boost::asio::awaitable<std::vector<std::string>> never_read(Store& store, StreamId const& id,
                                                            std::vector<std::string> names) {
  ArrayText asked;
  for (auto const& name : names) asked.add(std::string_view(name));
  std::vector<std::optional<std::string>> parameters{std::to_string(id.source_id), asked.take()};
  auto const table = co_await store.query(
      "WITH known AS MATERIALIZED (SELECT DISTINCT name FROM affsync.file_read"
      " WHERE source_id = $1::int),"
      " asked AS (SELECT n.name, n.place, regexp_replace(n.name, '\\.txt$', '') AS whose"
      " FROM unnest($2::text[]) WITH ORDINALITY n (name, place))"
      " SELECT a.name FROM asked a WHERE NOT EXISTS (SELECT FROM known k WHERE k.name IN (a.name,"
      " a.whose, " +
          without_number_sql("a.name") + ", " + without_number_sql("a.whose") +
          ")) ORDER BY a.place",
      std::move(parameters));
  std::vector<std::string> lost;
  for (auto const& row : table.rows) lost.push_back(row[0].value_or(""));
  co_return lost;
}

boost::asio::awaitable<std::vector<std::string>> not_read_since(Store& store, StreamId const& id,
                                                                std::vector<FailedFile> files) {
  ArrayText names, since;
  for (auto const& file : files) {
    names.add(std::string_view(file.name));
    since.add(std::string_view(*sql_time(file.since)));
  }
  std::vector<std::optional<std::string>> parameters{std::to_string(id.source_id), names.take(),
                                                     since.take()};
  auto const table = co_await store.query(
      "WITH known AS MATERIALIZED (SELECT name, max(read_at) AS read_at FROM affsync.file_read"
      " WHERE source_id = $1::int GROUP BY name)"
      " SELECT n.name FROM unnest($2::text[], $3::timestamptz[]) WITH ORDINALITY"
      " n (name, since, place) WHERE NOT EXISTS (SELECT FROM known k WHERE k.read_at > n.since"
      " AND k.name IN (n.name, " +
          without_number_sql("n.name") + ")) ORDER BY n.place",
      std::move(parameters));
  std::vector<std::string> unread;
  for (auto const& row : table.rows) unread.push_back(row[0].value_or(""));
  co_return unread;
}

boost::asio::awaitable<std::vector<FileSlice::Kept>> files_in_doubt(Store& store,
                                                                    StreamId const& id) {
  std::vector<std::optional<std::string>> parameters{std::to_string(id.source_id), id.stream};
  auto const table = co_await store.query(
      "SELECT name, in_doubt::text FROM affsync.file_rows WHERE source_id = $1::int"
      " AND stream = $2 AND in_doubt > 0 ORDER BY name",
      std::move(parameters));
  std::vector<FileSlice::Kept> files;
  for (auto const& row : table.rows) {
    auto& file = files.emplace_back();
    file.name = row[0].value_or("");
    file.rows = std::stoll(row[1].value_or("0"));
  }
  co_return files;
}

boost::asio::awaitable<std::optional<TimePoint>> newest_reading(Store& store, StreamId const& id) {
  std::vector<std::optional<std::string>> parameters{std::to_string(id.source_id), id.stream};
  auto const table = co_await store.query(
      "SELECT (extract(epoch FROM max(read_at)) * 1000000)::bigint::text FROM affsync.file_read"
      " WHERE source_id = $1::int AND stream = $2",
      std::move(parameters));
  auto const& text = table.rows.at(0).at(0);
  if (!text) co_return std::nullopt;
  std::int64_t microseconds = 0;
  std::from_chars(text->data(), text->data() + text->size(), microseconds);
  co_return TimePoint(std::chrono::microseconds(microseconds));
}

}  // namespace affsync::schema
