// Which rows the files of a stream hold. A file replaces what it said before under its name, and
// what a file said that it repeats for the most part; all other files keep their rows. Blocking;
// used in the transaction that closes the slice of a file.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/day_span.hpp"
#include "schema/store/scope.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

class FileRows {
 public:
  // Reads what the slice's file held, and the files that hold rows of its days. Of a slice that is
  // no file's, or replaces nothing, nobody holds anything.
  FileRows(pqxx::transaction_base& tx, SliceClose const& slice);

  // Is told the keys of all live rows of the slice's days, and which of them say nothing: an equal
  // one in another file is no sign that the files are one. Then decides which files the slice takes
  // over: those of whose rows it repeats, beyond what it had already, at least half.
  void judge(std::vector<std::uint64_t> const& live, std::vector<std::uint64_t> const& mute);
  // Returns true if a row that the slice lacks is another file's, and counts it there.
  bool keeps(std::uint64_t key);
  // What users should know of other files, and of days that the file had before. `replaced`: the
  // rows that the slice lacks are gone.
  FileSlice remarks(pqxx::transaction_base& tx, bool replaced) const;
  // Notes what the files hold now. `in_doubt`: so many rows that the slice lacks stay because they
  // are too many to be gone.
  void note(pqxx::transaction_base& tx, bool replaced, std::int64_t in_doubt) const;

 private:
  struct Held {
    std::string name;
    DaySpan days;
    std::vector<std::uint64_t> keys;  // sorted
    std::int64_t in_doubt = 0;        // rows that it lacks and that stay
    bool is_of_run = false;           // it was noted by this run
    bool taken_over = false;
    std::int64_t repeated = 0;  // of its rows, that the slice has too
    std::int64_t lacking = 0;   // that the slice lacks
    std::int64_t news = 0;      // of the repeated ones, those that say something and are new in it
    std::int64_t kept = 0;
    bool has(std::uint64_t key) const;
  };
  // Whether the slice's file, or one whose place it takes, lay beside this one before.
  bool was_beside(Held const& other) const;
  void write(pqxx::transaction_base& tx, Held const& held) const;
  void remove(pqxx::transaction_base& tx, std::string const& name) const;

  SliceClose const& slice_;
  bool is_of_file_ = false;
  std::optional<DaySpan> days_before_;  // of the latest reading of this name in these days
  Held own_;                            // before this reading; no keys: nothing
  std::vector<Held> others_;            // whose days the slice shares
  std::vector<std::uint64_t> live_;     // sorted
};

// Limits the scope to its rows that the slice of a file brought: the file's own sums are of these.
void keep_seen(pqxx::transaction_base& tx, SliceClose const& slice, Scope& scope);

}  // namespace affsync::schema
