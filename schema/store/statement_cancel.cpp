#include "schema/store/statement_cancel.hpp"

#include <libpq-fe.h>

#include <array>
#include <system_error>
#include <thread>

#include "schema/store/pqxx_versions.hpp"

namespace affsync::schema {

StatementCancel::StatementCancel(pqxx::connection& connection)
    : handle_(PQgetCancel(raw_connection(connection))) {}

StatementCancel::~StatementCancel() {
  PQfreeCancel(handle_);
}

void StatementCancel::start(std::shared_ptr<StatementCancel> cancel) {
  if (cancel->handle_ == nullptr || cancel->under_way_.exchange(true)) return;
  try {
    std::thread([cancel] {
      // If the server is gone, the statement fails anyway.
      std::array<char, 256> unused{};
      PQcancel(cancel->handle_, unused.data(), static_cast<int>(unused.size()));
      cancel->under_way_ = false;
    }).detach();
  } catch (std::system_error const&) {
    cancel->under_way_ = false;  // the connection is cut in the end
  }
}

}  // namespace affsync::schema
