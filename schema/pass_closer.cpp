#include "schema/pass_closer.hpp"

#include <pqxx/transaction>

#include "base/crash_point.hpp"

namespace affsync::schema {
namespace {

// Rows that this pass met, that were not stored since, and that nobody has accepted.
void read_quarantine(pqxx::transaction_base& tx, PassClose const& pass, PassClosed& closed) {
  constexpr std::size_t most = 3;
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::to_string(pass.run.run_id)};
  auto const rows = exec(tx,
                         "SELECT reason, count(*) FROM affsync.quarantine"
                         " WHERE source_id = $1::int AND stream = $2 AND resolved_at IS NULL"
                         " AND accepted_at IS NULL AND run_id >= $3::bigint"
                         " GROUP BY reason ORDER BY count(*) DESC, reason",
                         params);
  for (auto const& row : rows) {
    auto const count = int_of(row[1]);
    closed.quarantined += count;
    if (closed.reasons.size() < most) {
      closed.reasons.emplace_back(row[0].c_str(), count);
    } else {
      ++closed.other_reasons;
    }
  }
}

}  // namespace

PassCloser::PassCloser(PassClose const& pass, RunWrites& writes) : pass_(pass), fenced_(writes) {}

PassClosed PassCloser::close(PgSession& session) {
  pqxx::work tx(session.connection());
  auto const state = enter_fence(tx, pass_.run);
  PassClosed closed;
  if (state.has_quarantine) read_quarantine(tx, pass_, closed);
  tx.commit();
  result_ = closed;
  return closed;
}

}  // namespace affsync::schema
