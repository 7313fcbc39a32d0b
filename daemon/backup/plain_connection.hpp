// A connection for the few statements of a command that reads no broker: around a dump, or for the
// removal of a source. Blocking, without time limits.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace affsync {

class PlainConnection {
 public:
  // Errors: database_unavailable.
  static Result<PlainConnection> open(std::string const& url);

  int server_major() const { return PQserverVersion(connection_.get()) / 10000; }
  // Returns the first value of the result; "" if there is none. Errors: database_error.
  Result<std::string> run(std::string const& sql, std::vector<std::string> const& parameters = {});
  // Returns all rows; a null is "".
  Result<std::vector<std::vector<std::string>>> rows(
      std::string const& sql, std::vector<std::string> const& parameters = {});

 private:
  using Handle = std::unique_ptr<PGconn, decltype(&PQfinish)>;
  Result<std::unique_ptr<PGresult, decltype(&PQclear)>> ask(
      std::string const& sql, std::vector<std::string> const& parameters);
  explicit PlainConnection(Handle connection) : connection_(std::move(connection)) {}
  Handle connection_;
};

}  // namespace affsync
