// What a pass is worth: gathers what is known against it while it goes on, and says in the end
// whether it is whole, and if not, why. Without I/O.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

class PassVerdict {
 public:
  // Something that makes the pass partial: its rows are in, but not all, not verified, or the books
  // differ. Of each code the first text is kept.
  void doubt(ErrorCode code, std::string text, std::string hint);
  // The broker's totals that our rows differ from.
  void differ(std::vector<schema::SliceClosed::Difference> const& differences);
  // What the database says at the end. `rows_read`: of the whole run.
  void close(schema::PassClosed const& closed, std::int64_t rows_read);
  // The same of a pass that stores nothing: what it would have put aside.
  void close_dry(std::int64_t quarantined, std::int64_t rows_read);
  // No sweep is in doubt, whatever else is.
  bool is_swept() const;

  // A page that was read. mapping_failed when none of the rows of the first page that has any could
  // be mapped, or, at the end of a slice, fewer than half of all so far.
  std::optional<Error> judge_mapping(engine::PageRead const& page);

  bool is_whole() const { return doubts_.empty(); }
  // The gravest of the doubts, with the others behind it; nullopt for a whole pass.
  std::optional<Error> worst() const;

 private:
  struct Doubt {
    Error error;
    int times = 1;
  };
  Error mapping_error(std::string text) const;
  void aside(schema::PassClosed const& closed, std::int64_t rows_read, std::string hint);
  std::vector<std::pair<std::int64_t, std::string>> frequent_reasons() const;

  std::map<int, Doubt> doubts_;  // by rank
  std::int64_t mapped_ = 0, unmapped_ = 0;
  std::map<std::string, std::int64_t> reasons_;  // of rows that did not map; the first few kinds
};

}  // namespace affsync::sync
