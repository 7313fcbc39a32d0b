// Judges a pass: collects its problems while it runs and decides at its end whether it is complete,
// and if not, why. Performs no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

class PassVerdict {
 public:
  // Adds a problem that makes the pass partial: rows are stored, but some are missing or
  // unverified, or totals differ. Only the first text of each rank of codes is kept; the others are
  // counted.
  void add_doubt(ErrorCode code, std::string text, std::string hint);
  // Sets the stream, which what to do about vanished rows names.
  void set_stream(std::string const& source, std::string const& stream) {
    read_all_ = "affsync sync --full --source " + source + " --stream " + stream;
  }
  // The rows are those of a file, and what to do about too many that vanished is this.
  void set_advice_of_file(std::string text) { advice_of_file_ = std::move(text); }
  // Adds what the database found at the end of a slice.
  void slice_closed(schema::SliceClosed const& closed, std::optional<std::int64_t> broker_count);
  // Adds totals of the broker that differ from our rows.
  void differ(std::vector<schema::SliceClosed::Difference> const& differences);
  // Adds what the database found at the end of the pass. `rows_read`: rows of the whole run.
  void close(schema::PassClosed const& closed, std::int64_t rows_read);
  // The same for a dry run, which stores nothing: adds the rows that it would have quarantined.
  void close_dry(std::int64_t quarantined, std::int64_t rows_read);
  // True if the sweep itself is not in doubt; other problems do not count.
  bool is_swept() const;

  // Sets how many rows that cannot be mapped a user has accepted: so many say nothing.
  void set_accepted(std::int64_t rows) { accepted_ = rows; }
  // Counts the rows of a page that was read. Returns mapping_failed if no row so far could be
  // mapped, or if at the end of a slice more than half of all rows so far could not. While the pass
  // goes on, a few rows say nothing: one bad row may be all that one day, or one client, has.
  std::optional<Error> judge_mapping(engine::PageRead const& page, bool goes_on);

  bool is_whole() const { return doubts_.empty(); }
  // The most severe problem, with the others appended to its message; nullopt for a complete pass.
  std::optional<Error> worst() const;

 private:
  struct Doubt {
    Error error;
    int times = 1;
  };
  std::string drop_hint() const;
  Error mapping_error(std::string text) const;
  void add_quarantined(schema::PassClosed const& closed, std::int64_t rows_read, std::string hint);
  std::vector<std::pair<std::int64_t, std::string>> frequent_reasons() const;

  std::string read_all_ = "affsync sync --full";       // the command for a pass over all rows
  std::string advice_of_file_;                         // empty: a broker's list is read
  std::map<std::pair<int, ErrorCode>, Doubt> doubts_;  // by rank and code
  std::int64_t mapped_ = 0, unmapped_ = 0, accepted_ = 0;
  // Number of rows for each reason of a failed mapping; bounded, so later reasons are left out.
  std::map<std::string, std::int64_t> reasons_;
};

}  // namespace affsync::sync
