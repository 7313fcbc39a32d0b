#include "daemon/alert_parts.hpp"

#include <filesystem>

#include "daemon/alerts/policy.hpp"
#include "daemon/alerts/receiver.hpp"

namespace affsync {
namespace {

std::optional<TimePoint> since_of(std::vector<schema::SourceNow> const& sources,
                                  std::string const& source, std::string const& stream) {
  for (auto const& one : sources) {
    if (one.name != source) continue;
    for (auto const& its : one.streams) {
      if (its.name == stream) return its.since;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<schema::SourceNow> sources_now(std::vector<sync::StreamTask> const& tasks,
                                           std::vector<schema::SourceNow> const& before,
                                           TimePoint now) {
  std::vector<schema::SourceNow> sources;  // the tasks of a source follow each other
  for (auto const& task : tasks) {
    if (sources.empty() || sources.back().name != task.source()) {
      sources.emplace_back().name = task.source();
    }
    auto& stream = sources.back().streams.emplace_back();
    stream.name = task.stream();
    stream.interval = task.every.interval();
    stream.since = since_of(before, task.source(), task.stream()).value_or(now);
  }
  return sources;
}

std::optional<schema::DiskNow> disk_now(config::DatabaseConfig const& database) {
  if (!database.embedded()) return std::nullopt;
  std::error_code failed;
  auto const space = std::filesystem::space(database.state_dir, failed);
  if (failed) return std::nullopt;
  return alerts::disk_of(space);
}

std::string told_if_full(config::DatabaseConfig const& database) {
  constexpr std::int64_t segment = 16 << 20;  // of the server's log of changes, the WAL
  auto const disk = disk_now(database);
  if (!disk || disk->free_bytes >= segment) return {};
  return "the disk of the database is full, and nothing new is stored: make room below " +
         database.state_dir;
}

void check_receivers(boost::asio::any_io_executor const& executor,
                     config::AlertsConfig const& alerts) {
  for (auto const& receiver : alerts.receivers) alerts::make_receiver(executor, receiver).value();
}

}  // namespace affsync
