// Hides the differences between libpqxx 6.4 (Debian 12), 7.8 (Ubuntu 24.04) and 7.10 (Debian 13).
// No other file checks the version.
#pragma once

#include <pqxx/connection>
#include <pqxx/errorhandler>
#include <pqxx/except>
#include <pqxx/prepared_statement>
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <pqxx/version>

#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if PQXX_VERSION_MAJOR > 7 || (PQXX_VERSION_MAJOR == 7 && PQXX_VERSION_MINOR >= 10)
#define AFFSYNC_PQXX_7_10
#endif

namespace affsync::schema {

// Receives the server's notices as long as its listener lives. The listener must be destroyed
// before the connection. Without a listener, libpqxx prints notices to stderr. Must not throw.
using TakeNotice = std::function<void(char const*)>;

#ifdef AFFSYNC_PQXX_7_10
class NoticeListener {
 public:
  NoticeListener(pqxx::connection& connection, TakeNotice take) : connection_(connection) {
    connection.set_notice_handler(
        [take = std::move(take)](pqxx::zview text) noexcept { take(text.c_str()); });
  }
  NoticeListener(NoticeListener const&) = delete;
  NoticeListener& operator=(NoticeListener const&) = delete;
  ~NoticeListener() {
    connection_.set_notice_handler([](pqxx::zview) noexcept {});
  }

 private:
  pqxx::connection& connection_;
};
#else
class NoticeListener final : pqxx::errorhandler {
 public:
  NoticeListener(pqxx::connection& connection, TakeNotice take)
      : pqxx::errorhandler(connection), take_(std::move(take)) {}

 private:
  bool operator()(char const text[]) noexcept override {
    take_(text);
    return false;  // do not call other handlers, such as the one that prints
  }

  TakeNotice take_;
};
#endif

// Turns off automatic reconnection, which would silently lose advisory locks and temporary tables.
inline void never_reconnect([[maybe_unused]] pqxx::connection& connection) {
#if PQXX_VERSION_MAJOR < 7
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
}

// Makes messages verbose: only verbose messages name the constraint.
inline void tell_constraints(pqxx::connection& connection) {
#if PQXX_VERSION_MAJOR < 7
  connection.set_verbosity(pqxx::connection_base::verbose);
#else
  connection.set_verbosity(pqxx::error_verbosity::verbose);
#endif
}

#if PQXX_VERSION_MAJOR >= 7
inline pqxx::params params_of(std::vector<char const*> const& texts) {
  pqxx::params params;
  params.reserve(texts.size());
  for (auto const* text : texts) {
    if (text == nullptr) {
      params.append();
    } else {
      params.append(pqxx::zview(text));
    }
  }
  return params;
}
#endif

// Runs one statement with parameters $1…; nullptr is NULL.
inline pqxx::result exec_with_texts(pqxx::transaction_base& tx, std::string const& sql,
                                    std::vector<char const*> const& texts) {
#if PQXX_VERSION_MAJOR < 7
  return tx.exec_params(sql, pqxx::prepare::make_dynamic_params(texts));
#else
  auto const params = params_of(texts);
#ifdef AFFSYNC_PQXX_7_10
  return tx.exec(sql, params);
#else
  return tx.exec_params(sql, params);
#endif
#endif
}

#if PQXX_VERSION_MAJOR < 7
using ConnectionBase = pqxx::connection_base;
#else
using ConnectionBase = pqxx::connection;
#endif
// Returns libpq's own connection, for what libpqxx has no function for: COPY in binary form.
pqxx::internal::pq::PGconn* raw_connection(ConnectionBase& connection);

// Thrown for a transaction that the server rolled back, where this is not a pqxx::sql_error with a
// SQLSTATE.
#if PQXX_VERSION_MAJOR < 7
using StatelessRollback = pqxx::transaction_rollback;
#else
struct StatelessRollback : std::exception {};  // never thrown
#endif

}  // namespace affsync::schema
