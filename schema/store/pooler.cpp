#include "schema/store/pooler.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <chrono>
#include <memory>
#include <string>

#include "schema/store/pg_error.hpp"

namespace affsync::schema {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

Error no_second_connection() {
  return Error(ErrorCode::database_unavailable,
               "the connection pooler in front of PostgreSQL had no second connection available",
               "With session pooling affsync needs three connections more than `connections` in"
               " the configuration, and one more at its start; with transaction pooling it needs"
               " two. Raise the pooler's pool_size, or lower `connections`.");
}

// A second client of the pooler with a time limit for every wait, since a pooler without a free
// connection makes its clients wait for minutes.
class SecondClient {
 public:
  SecondClient(std::string const& connection, std::chrono::milliseconds limit)
      : limit_(limit), handle_(PQconnectStart(connection.c_str()), &PQfinish) {
    auto const deadline = std::chrono::steady_clock::now() + limit_;
    for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;
         state = PQconnectPoll(handle_.get())) {
      if (!handle_ || PQstatus(handle_.get()) == CONNECTION_BAD || state == PGRES_POLLING_FAILED) {
        throw Failure(refused());
      }
      wait(state == PGRES_POLLING_WRITING ? POLLOUT : POLLIN, deadline);
    }
  }

  void ask() {
    auto const deadline = std::chrono::steady_clock::now() + limit_;
    if (PQsendQuery(handle_.get(), "SELECT 1") == 0) throw Failure(refused());
    for (;;) {
      while (PQflush(handle_.get()) == 1) wait(POLLOUT, deadline);
      while (PQisBusy(handle_.get()) != 0) {
        wait(POLLIN, deadline);
        if (PQconsumeInput(handle_.get()) == 0) throw Failure(refused());
      }
      std::unique_ptr<PGresult, decltype(&PQclear)> const result(PQgetResult(handle_.get()),
                                                                 &PQclear);
      if (!result) break;
      if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) throw Failure(refused());
    }
  }

 private:
  void wait(short event, Deadline deadline) {
    auto const left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{PQsocket(handle_.get()), event, 0};
    auto const milliseconds = static_cast<int>(std::max<std::int64_t>(0, left.count()));
    if (::poll(&waiting, 1, milliseconds) == 0) throw Failure(no_second_connection());
  }

  Error refused() const { return connection_error(PQerrorMessage(handle_.get())); }

  std::chrono::milliseconds limit_;
  std::unique_ptr<PGconn, decltype(&PQfinish)> handle_;
};

}  // namespace

void demand_second_connection(Secret const& connection, StoreOptions const& options) {
  SecondClient(connection.reveal(), options.connect_timeout).ask();
}

}  // namespace affsync::schema
