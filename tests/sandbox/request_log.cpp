// Counts requests.
#include "tests/sandbox/request_log.hpp"

#include <algorithm>

#include "tests/sandbox/json_writer.hpp"

namespace affsync::sandbox {

void RequestLog::connection_opened() {
  ++connections_;
  most_connections_ = std::max(most_connections_, ++open_connections_);
}

void RequestLog::request_begun() {
  most_concurrent_ = std::max(most_concurrent_, ++concurrent_);
}

void RequestLog::request_answered(Request const& request, Reply const& reply, bool read_only) {
  ++requests_;
  ++by_path_[request.method + " " + request.path];
  ++by_status_[reply.status];
  if (reply.status == 401) ++unauthorized_;
  if (!read_only) ++other_methods_;
  bytes_ += reply.body.size();
  if (latest_.size() == most_entries) latest_.pop_front();
  latest_.push_back({request.method, request.target, reply.status});
}

void RequestLog::clear() {
  auto const open = open_connections_;
  auto const concurrent = concurrent_;
  *this = RequestLog();
  open_connections_ = most_connections_ = open;
  concurrent_ = most_concurrent_ = concurrent;
}

std::string RequestLog::to_json(bool with_targets) const {
  std::string out;
  ObjectWriter log(out);
  auto const count = [&](std::string_view name, auto value) {
    log.number(name, static_cast<std::int64_t>(value));
  };
  count("requests", requests_);
  count("logins", logins_);
  count("logins_refused", logins_refused_);
  count("throttled", throttled_);
  count("unauthorized", unauthorized_);
  count("other_methods", other_methods_);
  count("rows_served", rows_served_);
  count("body_bytes", bytes_);
  count("connections", connections_);
  count("max_connections", most_connections_);
  count("max_concurrent", most_concurrent_);
  log.name("by_path");
  ObjectWriter paths(out);
  for (auto const& [path, times] : by_path_) {
    std::string quoted;
    append_json_string(quoted, path);
    paths.number(std::string_view(quoted).substr(1, quoted.size() - 2),
                 static_cast<std::int64_t>(times));
  }
  paths.close();
  log.name("by_status");
  ObjectWriter statuses(out);
  for (auto const& [status, times] : by_status_)
    statuses.number(std::to_string(status), static_cast<std::int64_t>(times));
  statuses.close();
  if (with_targets) {
    log.name("latest");
    out += '[';
    for (auto const& entry : latest_) {
      if (out.back() != '[') out += ',';
      ObjectWriter item(out);
      item.text("method", entry.method);
      item.text("target", entry.target);
      item.number("status", entry.status);
      item.close();
    }
    out += ']';
  }
  log.close();
  return out;
}

}  // namespace affsync::sandbox
