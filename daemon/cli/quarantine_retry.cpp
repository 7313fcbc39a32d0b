// `affsync quarantine retry`: maps the quarantined rows again with the current connector, without
// requests to the broker, and stores those that map like a page of a run.
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

#include "connectors/engine/rows/stored_rows.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/known_names.hpp"
#include "daemon/cli/open_database.hpp"
#include "daemon/cli/retry_text.hpp"
#include "daemon/cli/terminal/shown_csv.hpp"
#include "daemon/log/terminal.hpp"
#include "daemon/sync/map_anew.hpp"
#include "daemon/sync/personal_parts.hpp"
#include "daemon/sync/run_outcome.hpp"

namespace affsync::cli {
namespace {

namespace asio = boost::asio;
using Fate = engine::StoredRows::Fate;

// Maximum number of rows in memory at a time.
constexpr int most_rows = 500;

// Retries the rows of one stream while holding its lease.
class StreamRetry {
 public:
  StreamRetry(schema::Store& store, sync::StreamTask task, Clock& clock)
      : store_(store), task_(std::move(task)), clock_(clock), rows_(task_.plan) {
    out_.source = task_.source();
    out_.stream = task_.stream();
  }

  asio::awaitable<Retried> run();

 private:
  struct Good {
    schema::QuarantinedLine line;
    std::string key;
    Json row;
  };

  asio::awaitable<void> look_at_all();
  asio::awaitable<void> look_at(std::vector<schema::QuarantinedLine> lines);
  asio::awaitable<bool> is_stored(std::string key);
  asio::awaitable<void> leave_superseded(std::vector<Good>& good);
  asio::awaitable<void> store(std::vector<Good> good);
  asio::awaitable<void> store_page(std::vector<Good> const* good, std::size_t from, std::size_t to);
  asio::awaitable<void> end(std::optional<Error> failure);

  schema::Store& store_;
  sync::StreamTask task_;
  Clock& clock_;
  engine::StoredRows rows_;
  schema::RunKey run_;
  TimePoint started_at_{};
  std::set<std::string>
      met_;  // keys seen so far; the latest version of a row comes first and counts
  Retried out_;
};

asio::awaitable<void> StreamRetry::store_page(std::vector<Good> const* good, std::size_t from,
                                              std::size_t to) {
  std::vector<Json const*> rows;
  std::vector<std::string> ids;
  schema::PageWrite write;
  write.run = run_;
  for (auto i = from; i < to; ++i) {
    rows.push_back(&(*good)[i].row);
    ids.push_back((*good)[i].key);
    write.retried.push_back((*good)[i].line.quarantine_id);
  }
  write.batches = rows_.convert(rows, (*good)[from].line.received_at, ids);
  write.personal = sync::personal_parts(*task_.plan);
  write.map_anew = sync::map_anew(task_.plan);
  write.now = clock_.now();
  auto const written = co_await store_.write_page(std::move(write));
  out_.inserted += written.inserted;
  out_.updated += written.updated;
  out_.unchanged += written.unchanged;
  if (written.quarantined > 0) {  // the rows map, but PostgreSQL refuses them
    out_.failing += written.quarantined;
    out_.reasons["PostgreSQL cannot store it; see the new line of the row"] += written.quarantined;
  }
}

// Stores rows of one answer as one page, since relative times depend on the time of the answer.
asio::awaitable<void> StreamRetry::store(std::vector<Good> good) {
  for (std::size_t from = 0; from < good.size();) {
    auto to = from + 1;
    while (to < good.size() && good[to].line.received_at == good[from].line.received_at) ++to;
    co_await store_page(&good, from, to);
    from = to;
  }
}

// Removes rows that the broker has sent again since, so that an older version does not overwrite a
// newer one.
asio::awaitable<void> StreamRetry::leave_superseded(std::vector<Good>& good) {
  auto const& table = task_.plan->table();
  if (!table.keeps_records()) co_return;
  std::vector<schema::KeyAt> keys;
  for (auto const& one : good) {
    if (!one.key.empty()) keys.push_back({one.key, one.line.received_at});
  }
  if (keys.empty()) co_return;
  auto const found = co_await store_.changed_after(task_.id, std::string(table.name), keys);
  std::set<std::string> const newer(found.begin(), found.end());
  std::vector<std::int64_t> ids;
  std::erase_if(good, [&](Good const& one) {
    if (!newer.contains(one.key)) return false;
    ids.push_back(one.line.quarantine_id);
    return true;
  });
  if (ids.empty()) co_return;
  out_.superseded += static_cast<std::int64_t>(ids.size());
  co_await store_.resolve_quarantined(run_, ids, clock_.now());
}

// Returns whether a row with that key is stored.
asio::awaitable<bool> StreamRetry::is_stored(std::string key) {
  std::vector<schema::KeyAt> keys;
  keys.emplace_back().external_id = std::move(key);
  auto const found =
      co_await store_.changed_after(task_.id, std::string(task_.plan->table().name), keys);
  co_return !found.empty();
}

asio::awaitable<void> StreamRetry::look_at(std::vector<schema::QuarantinedLine> lines) {
  std::vector<Good> good;
  std::vector<std::int64_t> resolved;
  for (auto& line : lines) {
    ++out_.rows;
    auto outcome = rows_.look_at(line.raw, line.received_at, line.external_id);
    bool const broken = outcome.fate == Fate::unreadable || line.reason.ends_with("occurs twice");
    bool still_fails = outcome.fate == Fate::fails;
    if (outcome.fate == Fate::maps && engine::is_contradiction(line.reason)) {
      // Another row with the same key is stored. The row keeps failing until the connector's key
      // tells the two apart.
      still_fails = co_await is_stored(outcome.external_id);
      if (still_fails) outcome.reason = line.reason;
    }
    if (broken || still_fails) {
      // Accepted rows may fail again.
      if (line.accepted) {
        ++out_.accepted;
      } else if (broken) {
        ++out_.unreadable;
      } else {
        ++out_.failing;
        ++out_.reasons[outcome.reason];
      }
      bool const is_form = !broken && outcome.fate == Fate::fails;
      if (is_form && !outcome.external_id.empty()) met_.insert(outcome.external_id);
    } else if (!outcome.external_id.empty() && !met_.insert(outcome.external_id).second) {
      ++out_.superseded;
      resolved.push_back(line.quarantine_id);
    } else if (outcome.fate == Fate::left_out) {
      ++out_.left_out;
      resolved.push_back(line.quarantine_id);
    } else {
      good.push_back({std::move(line), std::move(outcome.external_id), std::move(outcome.row)});
    }
  }
  if (!resolved.empty()) co_await store_.resolve_quarantined(run_, resolved, clock_.now());
  co_await leave_superseded(good);
  co_await store(std::move(good));
}

asio::awaitable<void> StreamRetry::look_at_all() {
  std::optional<schema::QuarantinePosition> place;
  for (;;) {
    auto lines = co_await store_.read_quarantined(task_.id, place, most_rows);
    if (lines.empty()) co_return;
    place.emplace();
    place->received_at = lines.back().received_at;
    place->quarantine_id = lines.back().quarantine_id;
    co_await look_at(std::move(lines));
  }
}

asio::awaitable<void> StreamRetry::end(std::optional<Error> failure) {
  schema::RunEnd end;
  end.run = run_;
  end.retry = true;
  end.now = clock_.now();
  end.report.status = failure ? RunStatus::failed : RunStatus::succeeded;
  end.report.error = failure;
  end.report.started_at = started_at_;
  end.report.finished_at = end.now;
  end.report.rows_read = out_.rows;
  end.report.inserted = out_.inserted;
  end.report.updated = out_.updated;
  end.report.unchanged = out_.unchanged;
  end.report.quarantined = out_.failing + out_.unreadable;
  co_await store_.end_run(std::move(end));
}

asio::awaitable<Retried> StreamRetry::run() {
  auto const lease = co_await store_.try_lease(task_.id);
  if (!lease) {
    out_.error = sync::held_by(co_await store_.lease_holder(task_.id));
    if (out_.error->hint.empty()) out_.error->hint = "Try again when it has ended.";
    co_return std::move(out_);
  }
  started_at_ = clock_.now();
  schema::RunStart start;
  start.id = task_.id;
  start.mode = "retry";
  start.resumes = true;  // does not disturb a pass that waits to be resumed
  start.started_at = started_at_;
  run_ = co_await store_.begin_run(std::move(start));
  std::optional<Error> failure;
  try {
    co_await look_at_all();
  } catch (Failure const& thrown) {
    failure = thrown.error();
  }
  co_await end(failure);
  out_.error = failure;
  co_return std::move(out_);
}

// Streams with quarantined rows, by source.
using Streams = std::map<std::string, std::vector<std::string>>;

Streams streams_with_rows(App& app, QuarantineOptions const& options) {
  auto const text = [](std::string const& name) {
    return name.empty() ? std::nullopt : std::optional(name);
  };
  auto const found = app.run(app.store().query(
      "SELECT DISTINCT s.name, q.stream FROM affsync.quarantine q JOIN affsync.source s"
      " USING (source_id) WHERE q.resolved_at IS NULL AND ($1::text IS NULL OR s.name = $1)"
      " AND ($2::text IS NULL OR q.stream = $2)",
      {text(options.source), text(options.stream)}));
  Streams streams;
  for (auto const& row : found.rows) {
    streams[row[0].value_or("")].push_back(row[1].value_or(""));
  }
  return streams;
}

Retried not_there(std::string source, std::string stream, std::string what) {
  Retried out;
  out.source = std::move(source);
  out.stream = std::move(stream);
  out.error = Error(ErrorCode::usage, std::move(what),
                    "Rows of sources and streams that no longer exist stay in quarantine.");
  return out;
}

asio::awaitable<std::vector<Retried>> retry_all(App& app, Streams streams, sync::Observer& observer,
                                                Clock& clock) {
  std::vector<Retried> all;
  for (auto const& [source, names] : streams) {
    auto const* configured = app.config().find_source(source);
    if (configured == nullptr) {
      for (auto const& name : names) {
        all.push_back(not_there(source, name, "the configuration has no such source"));
      }
      continue;
    }
    std::vector<std::string> known;
    for (auto const& manifest : app.manifests()) {
      if (manifest.name != configured->connector) continue;
      if (manifest.flaw) throw Failure(*manifest.flaw);
      for (auto const& stream : manifest.streams) known.push_back(stream.name);
    }
    std::vector<std::string> wanted;
    for (auto const& name : names) {
      if (std::find(known.begin(), known.end(), name) != known.end()) {
        wanted.push_back(name);
      } else {
        all.push_back(not_there(source, name, "the connector has no such stream any more"));
      }
    }
    if (wanted.empty()) continue;
    std::vector<std::string> const sources{source};
    auto tasks = co_await app.make_tasks(sources, wanted, true, observer);
    for (auto& task : tasks) {
      StreamRetry retry(app.store(), std::move(task), clock);
      Retried one = co_await retry.run();
      all.push_back(std::move(one));
    }
  }
  co_return all;
}

}  // namespace

int run_quarantine_retry(CommonOptions const& common, QuarantineOptions const& options) {
  App app(common.config_file, common.verbose ? LogLevel::debug : LogLevel::warn);
  open_database(app);
  app.migrate_database();
  require_known_source(app, options.source);
  require_known_stream_name(app, options.stream);
  auto streams = streams_with_rows(app, options);
  sync::Observer observer;
  SystemClock clock;
  auto const all = app.run(retry_all(app, std::move(streams), observer, clock));

  int status = 0;
  for (auto const& one : all) {
    if (one.error || one.failing > 0 || one.unreadable > 0) status = 1;
  }
  switch (options.output) {
    case Output::json:
      std::cout << retry_json(all) << "\n";
      return status;
    case Output::csv:
      std::cout << shown_csv(retry_csv(all));
      return status;
    case Output::table:
      break;
  }
  if (all.empty()) {
    std::cout << "There are no quarantined rows to map again.\n";
    return status;
  }
  auto const terminal = log::look_at_terminal(STDOUT_FILENO);
  std::cout << retry_table(all, terminal);
  return status;
}

}  // namespace affsync::cli
