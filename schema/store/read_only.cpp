#include "schema/store/read_only.hpp"

#include <exception>

#include "schema/store/pg_error.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

// Who has set it: pg_settings.source.
constexpr auto question =
    "SELECT pg_is_in_recovery(), setting = 'on', source, quote_ident(session_user),"
    " quote_ident(current_database()) FROM pg_settings WHERE name = "
    "'default_transaction_read_only'";

}  // namespace

std::string hint_of_read_only(pqxx::transaction_base& tx) {
  auto const rows = tx.exec(question);
  if (rows.empty() || rows[0][0].as<bool>() || !rows[0][1].as<bool>()) return {};
  std::string const source = rows[0][2].c_str();
  std::string const role = rows[0][3].c_str(), database = rows[0][4].c_str();
  std::string const setting = "default_transaction_read_only";
  std::string const is_on = setting + " is on for ";
  if (source == "user") {
    return is_on + "the role: name another in database.url, or ALTER ROLE " + role + " RESET " +
           setting + ".";
  }
  if (source == "database user") {
    return is_on + "the role: name another in database.url, or ALTER ROLE " + role +
           " IN DATABASE " + database + " RESET " + setting + ".";
  }
  if (source == "database") {
    return is_on + "the database: ALTER DATABASE " + database + " RESET " + setting + ".";
  }
  if (source == "client") {
    return is_on + "this connection: see `options` in database.url, and $PGOPTIONS.";
  }
  return is_on + "the server: see postgresql.conf, and ALTER ROLE ALL.";
}

std::string hint_of_read_only(PgSession& session) {
  try {
    Transaction tx(session, Transaction::Kind::statements);
    return hint_of_read_only(tx);
  } catch (std::exception const&) {
    return {};
  }
}

}  // namespace affsync::schema
