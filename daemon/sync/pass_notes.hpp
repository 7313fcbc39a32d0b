// Logs what is notable about a pass besides its errors: totals that are missing or differ, rows
// that vanished or are kept, times that contradict each other.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

class PassNotes {
 public:
  explicit PassNotes(Logger log);

  // Paths of totals that the connector names but the answers do not contain. Each is logged once a
  // run: without it, the comparison that the connector asks for does not take place.
  void missing_totals(std::vector<std::string> const& totals);
  // Totals of the broker that differ from the stored rows.
  void differences(std::vector<schema::SliceClosed::Difference> const& unmatched);
  // Stored rows that the pass did not see.
  void pass_closed(schema::PassClosed const& closed);
  // A whole pass of which the words of `where` took none of its `rows`: the list may hold nothing
  // else, or the connector misspells them.
  void none_taken(std::int64_t rows, std::string const& where);
  // `rows`: number of rows whose relative time contradicts earlier readings. 0 logs nothing.
  void contradicting(std::int64_t rows);

 private:
  Logger log_;
  std::set<std::string> missing_told_;
};

}  // namespace affsync::sync
