// Stores one page: rows, change records, quarantine, checkpoint and counters in one transaction.
// Blocking; used on an executor's thread.
#pragma once

#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/store/fence.hpp"
#include "schema/store/merge_ahead.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

class PageWriter {
 public:
  PageWriter(PageWrite const& page, RunWrites& writes)
      : page_(page), writes_(writes), fenced_(writes) {}

  // Lets another session help with a write that changes many rows.
  void helped_by(WithOtherSession with_other) { with_other_ = std::move(with_other); }

  // May be called again after a broken connection; detects whether the first attempt was committed.
  PageWritten write(PgSession& session);

 private:
  enum class Care {
    usual,
    ask,         // look for each key
    row_by_row,  // and isolate the rows that PostgreSQL refuses
  };
  // What an attempt does to one table; it counts once it is committed.
  struct Effect {
    RecordTable const* table = nullptr;
    KnownRows::Changes changes;
    std::optional<bool> all_new;
  };

  void merge_many(PgSession& session);
  void remember(pqxx::transaction_base& tx, FenceState const& state);
  PageWritten attempt_as_usual(PgSession& session);
  PageWritten attempt(PgSession& session, Care care);
  // Of the attempt that was committed.
  void note_effects(FenceState const& state);

  PageWrite const& page_;
  RunWrites& writes_;
  FencedWrite fenced_;
  PageWritten result_;           // of the latest attempt
  std::vector<Effect> effects_;  // of the latest attempt
  bool row_by_row_ = false;
  WithOtherSession with_other_;
  // What was merged before the write, and of which table.
  MergedAhead ahead_;
  RecordTable const* ahead_of_ = nullptr;
  std::set<std::string_view> trusted_;  // tables to which it copied without asking
};

}  // namespace affsync::schema
