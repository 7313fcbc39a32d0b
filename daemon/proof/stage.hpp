// What a proof needs beside the connector: a private PostgreSQL, a server on the loopback address,
// a clock, and a log that is kept. Sources that are read here are thrown away afterwards.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/run_report.hpp"
#include "connectors/proof/broker.hpp"
#include "daemon/async/task_group.hpp"
#include "daemon/embedded/cluster.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/proof/proof_time.hpp"
#include "schema/store/store.hpp"

namespace affsync::proof {

namespace asio = boost::asio;

// Keeps every line, down to the finest level.
class KeptLog final : public LogSink {
 public:
  bool enabled(LogLevel) const override { return true; }
  void write(LogLevel level, std::string_view text, std::vector<LogField> const& fields) override;
  std::string const& text() const { return text_; }

 private:
  std::string text_;
};

class Stage {
 public:
  // Starts the database and the server. `database`: a connection string of one without sources but
  // those of earlier proofs, which stay there; empty for a private cluster in a temporary
  // directory. Throws Failure.
  Stage(std::string const& database, engine::Manifest manifest, FixtureFolder folder);
  ~Stage();

  engine::Manifest const& manifest() const { return manifest_; }
  FixtureFolder const& folder() const { return folder_; }
  ProofTime& time() { return time_; }
  KeptLog& log() { return log_; }
  schema::Store& store() { return *store_; }
  asio::any_io_executor executor() { return io_.get_executor(); }
  // Returns the address of the server, with the path of `base_url`.
  std::string address(std::string const& base_url) const;
  // Returns the address for a login at another host. A path in front of its own tells the two
  // apart.
  std::string login_address(std::string const& url) const;
  // Who answers the requests from now on.
  void serve(Broker* broker) { broker_ = broker; }
  std::vector<std::string>& registered() { return registered_; }
  // What must not be shown or stored anywhere: secret credentials and tokens.
  void keep_secret(std::string secret) { secrets_.push_back(std::move(secret)); }
  std::vector<std::string> const& secrets() const { return secrets_; }

  // Runs `work` to its end. SIGINT and SIGTERM end it.
  void run(asio::awaitable<void> work);
  template <class T>
  T run(asio::awaitable<T> work) {
    std::optional<T> result;
    auto body = [](asio::awaitable<T> inner, std::optional<T>& out) -> asio::awaitable<void> {
      out.emplace(co_await std::move(inner));
    };
    run(body(std::move(work), result));
    return std::move(*result);
  }

 private:
  void refuse_database_in_use();

  engine::Manifest manifest_;
  FixtureFolder folder_;
  std::filesystem::path directory_;
  std::unique_ptr<embedded::Cluster> cluster_;
  asio::io_context io_{1};
  ProofTime time_;
  KeptLog log_;
  Broker* broker_ = nullptr;
  std::vector<std::string> registered_, secrets_;
  std::unique_ptr<schema::Store> store_;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<async::TaskGroup> serving_;
};

}  // namespace affsync::proof
