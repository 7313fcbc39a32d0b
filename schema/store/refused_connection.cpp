#include "schema/store/refused_connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <chrono>
#include <memory>

#include "schema/store/pg_error.hpp"

namespace affsync::schema {
namespace {

// Returns libpq's verbose message about a connection that is refused; empty if it is not, this
// time.
std::string verbose_refusal(std::string const& conninfo) {
  using std::chrono::steady_clock;
  constexpr std::chrono::seconds longest{2};
  std::unique_ptr<PGconn, decltype(&PQfinish)> const connection(PQconnectStart(conninfo.c_str()),
                                                                &PQfinish);
  auto* const raw = connection.get();
  if (raw == nullptr || PQstatus(raw) == CONNECTION_BAD) return {};
  PQsetErrorVerbosity(raw, PQERRORS_VERBOSE);
  auto const end = steady_clock::now() + longest;
  for (auto wanted = PGRES_POLLING_WRITING;; wanted = PQconnectPoll(raw)) {
    if (wanted == PGRES_POLLING_FAILED) return PQerrorMessage(raw);
    if (wanted == PGRES_POLLING_OK) return {};
    auto const left =
        std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now()).count();
    if (left <= 0) return {};
    short const events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd one{PQsocket(raw), events, 0};
    ::poll(&one, 1, static_cast<int>(left));
  }
}

// SQLSTATE 57P03, or what a server says then in English.
bool comes_and_goes(std::string_view message) {
  return refusal_state(message) == "57P03" ||
         message.find("the database system is ") != std::string_view::npos;
}

}  // namespace

Refusal explain_refusal(std::string const& conninfo, std::string const& message) {
  auto problem = connection_problem(message);
  Refusal refusal;
  refusal.error = std::move(problem.error);
  refusal.passes = comes_and_goes(message);
  if (problem.is_explained) return refusal;
  auto const verbose = verbose_refusal(conninfo);
  if (verbose.empty()) return refusal;
  refusal.error = connection_error(verbose);
  refusal.passes = comes_and_goes(verbose);
  return refusal;
}

}  // namespace affsync::schema
