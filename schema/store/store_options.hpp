// How the database is reached and used.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace affsync::schema {

class ServerClock;

struct StoreOptions {
  std::string url;       // libpq URL or keyword string
  std::string read_url;  // of a replica for health() and query_for_page(); empty: none
  std::string instance;  // distinguishes this daemon's configuration from others
  std::string version;   // of affsync; empty: of this build
  int connections = 4;
  std::chrono::milliseconds statement_timeout{120'000};
  // How much later than its statement's time limit the server may answer. A server that stands
  // still ends no statement, and its machine, or a proxy in front of it, keeps the connection
  // alive.
  std::chrono::milliseconds answer_grace{15'000};
  std::chrono::milliseconds connect_timeout{5'000};
  // How long to retry a server that cannot be reached. A server that reports that it is starting up
  // or shutting down is always retried for a few seconds.
  std::chrono::milliseconds patience{0};
  // A session whose server takes no writes is used no longer than this: its address may lead to
  // another by then.
  std::chrono::milliseconds longest_read_only{30'000};
  // After this time without a renewal, which happens at least three times as often, a lease is
  // free.
  std::chrono::milliseconds lease_time{30'000};
  // Receives what happens to the database and concerns no caller, on any thread.
  std::function<void(std::string const&)> on_event;
  // Is told what the server's clock says at each new session; may be null.
  std::shared_ptr<ServerClock> clock;
  StoreOptions() = default;
};

}  // namespace affsync::schema
