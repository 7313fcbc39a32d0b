#include "schema/store/walk.hpp"

namespace affsync::schema {
namespace {

constexpr int rows_at_once = 10'000;

}  // namespace

void walk(pqxx::transaction_base& tx, std::string const& query, SqlParams const& params,
          std::function<bool(pqxx::row const&)> const& take) {
  exec(tx, "DECLARE walked NO SCROLL CURSOR FOR " + query, params);
  for (bool more = true; more;) {
    auto const rows = tx.exec("FETCH FORWARD " + std::to_string(rows_at_once) + " FROM walked");
    more = static_cast<int>(rows.size()) == rows_at_once;
    for (auto const& row : rows) {
      if (take(row)) continue;
      more = false;
      break;
    }
  }
  tx.exec("CLOSE walked");
}

}  // namespace affsync::schema
