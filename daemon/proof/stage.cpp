#include "daemon/proof/stage.hpp"

#include <stdlib.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include "connectors/engine/request/signature.hpp"
#include "daemon/async/cancel_safe.hpp"
#include "daemon/signals.hpp"
#include "schema/store/migrate.hpp"

namespace affsync::proof {
namespace {

constexpr std::size_t longest_body = 1024 * 1024;
constexpr std::size_t longest_header = 256 * 1024;

std::filesystem::path temporary_directory() {
  auto text = (std::filesystem::temp_directory_path() / "affsync-proof-XXXXXX").string();
  if (mkdtemp(text.data()) == nullptr) {
    throw Failure(ErrorCode::database_unavailable, "no temporary directory can be made at " + text,
                  "Set TMPDIR to a directory that can be written.");
  }
  // PostgreSQL does not run as root; its user has to enter, but not to look around.
  using std::filesystem::perms;
  std::filesystem::permissions(text, perms::owner_all | perms::group_exec | perms::others_exec);
  return text;
}

}  // namespace

void KeptLog::write(LogLevel, std::string_view text, std::vector<LogField> const& fields) {
  text_ += text;
  for (auto const& field : fields) text_ += " " + field.key + "=" + field.value;
  text_ += '\n';
}

Stage::Stage(std::string const& database, engine::Manifest manifest, FixtureFolder folder)
    : manifest_(std::move(manifest)), folder_(std::move(folder)) {
  schema::StoreOptions options;
  options.instance = "connector-proof";
  options.url = database;
  if (database.empty()) {
    directory_ = temporary_directory();
    embedded::ClusterOptions cluster;
    cluster.state_dir = directory_ / "db";
    cluster.durable = false;
    cluster_ = embedded::Cluster::start(std::move(cluster)).value();
    options.url = cluster_->url();
  }
  store_ = schema::make_pg_store(options);
  if (!database.empty()) refuse_database_in_use();
  schema::migrate(options, false).value();
  auto handler = [this](HttpRequest request, std::string) -> asio::awaitable<HttpResponse> {
    HttpResponse response;
    response.status = 404;
    if (broker_ != nullptr) response = broker_->answer(request);
    co_return response;
  };
  net::ServerLimits limits;
  limits.body_bytes = longest_body;
  limits.header_bytes = longest_header;
  server_ =
      net::make_http_server(io_.get_executor(), "127.0.0.1:0", std::move(handler), limits).value();
  serving_ = std::make_unique<async::TaskGroup>(io_.get_executor());
  serving_->spawn(server_->serve());
}

// What is read here stays there: among a person's own money it would count.
void Stage::refuse_database_in_use() {
  auto const first_cell = [&](std::string sql) {
    auto const table = run(store_->query(std::move(sql), {}));
    return table.rows.empty() ? std::nullopt : table.rows[0][0];
  };
  if (!first_cell("SELECT to_regclass('affsync.source')::text")) return;
  // Also of a version whose sources had no such column.
  auto const source = first_cell(
      "SELECT s.name FROM affsync.source s WHERE to_jsonb(s) -> 'instances'"
      " IS DISTINCT FROM '[\"connector-proof\"]' ORDER BY s.name LIMIT 1");
  if (!source) return;
  throw Failure(ErrorCode::usage,
                "the database has sources of yours, such as `" + *source +
                    "`: what the connector reads here would stay among their rows",
                "Give --database an empty database, or leave it out: then a private one is used.");
}

Stage::~Stage() {
  server_->stop();
  store_->shut_down(std::chrono::milliseconds(500));
  io_.restart();
  io_.run_for(std::chrono::seconds(2));
  serving_.reset();
  store_.reset();
  cluster_.reset();
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

std::string Stage::address(std::string const& base_url) const {
  return "http://127.0.0.1:" + std::to_string(server_->port()) + engine::base_path_of(base_url);
}

std::string Stage::login_address(std::string const& url) const {
  return address("https://host/host-of-the-login") + engine::base_path_of(url);
}

void Stage::run(asio::awaitable<void> work) {
  asio::cancellation_signal cancel;
  bool interrupted = false;
  StopSignals const signals(io_, [&] {
    interrupted = true;
    cancel.emit(asio::cancellation_type::terminal);
  });
  std::exception_ptr failure;
  bool ended = false;
  auto on_end = [&](std::exception_ptr thrown) {
    failure = thrown;
    ended = true;
  };
  auto calm = async::cancel_safe(std::move(work));
  asio::co_spawn(io_, std::move(calm),
                 asio::bind_cancellation_slot(cancel.slot(), std::move(on_end)));
  run_until(io_, [&] { return ended; });
  if (interrupted) throw Failure(ErrorCode::cancelled, "stopped by a signal");
  if (failure) std::rethrow_exception(failure);
}

}  // namespace affsync::proof
