#include "schema/store/alerts/turn.hpp"

#include "schema/store/pg_error.hpp"

namespace affsync::schema {

bool take_turn(Transaction& tx, std::string const& table) {
  constexpr auto lock_not_available = "55P03";
  try {
    tx.exec("SET LOCAL lock_timeout = '3s'; LOCK TABLE " + table +
            " IN SHARE ROW EXCLUSIVE MODE; SET LOCAL lock_timeout TO DEFAULT");
  } catch (pqxx::sql_error const& error) {
    if (sqlstate_of(error) != lock_not_available) throw;
    return false;
  }
  return true;
}

}  // namespace affsync::schema
