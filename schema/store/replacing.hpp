// Stored rows of a slice that replaces them: those that the slice did not bring are deleted when it
// is closed, unless too many would be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schema/store/absence.hpp"
#include "schema/store/file_rows.hpp"

namespace affsync::schema {

struct Unseen {
  std::vector<std::string> keys;  // of the rows to delete
  std::vector<std::string> kept;  // of those that another file holds, or that are too old
  std::int64_t aged = 0;          // of the kept ones, those that are too old for the broker's list
  std::int64_t shrinks = 0;       // by how many rows the slice has fewer than before
  std::int64_t live = 0;          // rows of the stream, if that was asked
  bool too_many = false;          // none of them may be deleted
  bool has_oldest = false;        // `oldest` is that of the rows that the slice saw
  std::optional<TimePoint> oldest;
};

// The hashes of the keys of live rows, in any order.
struct LiveRows {
  std::vector<std::uint64_t> keys;
  std::vector<std::uint64_t> mute;  // of those whose content says nothing, and makes their key
};

// Returns the keys of the live rows of the scope that the slice did not see. `live` takes all of
// them; may be null.
std::vector<std::string> unseen_in(pqxx::transaction_base& tx, SliceClose const& slice,
                                   Scope const& scope, LiveRows* live = nullptr);

// Finds those of the rows that the slice asked for which it did not see. Rows that may be too old
// for the broker's list are kept: in a slice without rows all, unless the broker lists older ones.
// A file holds all of its period. `days`: all live rows of the slice's days; `files` tell which
// rows are those of other files.
Unseen find_unseen(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& asked,
                   Scope const& days, PassState const& pass, FileRows& files);

// Adds a condition that leaves the rows with these keys out.
void leave_out(std::vector<std::string> const& keys, Scope& scope);

// Deletes the rows, and notes what came in their place; returns their number. If another mapping
// made them, they are first what this one makes of them.
std::int64_t replace(PgSession& session, pqxx::transaction_base& tx, SliceClose const& slice,
                     Unseen const& unseen, Scope const& scope, PassState const& pass);

}  // namespace affsync::schema
