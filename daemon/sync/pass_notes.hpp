// What the log says of a pass besides its errors: totals that are missing or differ, rows that are
// gone or kept, times that contradict each other.
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

  // Totals that the connector names and the answers do not have. Each is told once a run: without
  // its figure the comparison that the connector asks for does not take place.
  void missing_totals(std::vector<std::string> const& totals);
  // The broker's totals that the stored rows differ from.
  void differences(std::vector<schema::SliceClosed::Difference> const& unmatched);
  // Rows that the pass missed.
  void pass_closed(schema::PassClosed const& closed);
  // So many rows whose relative time contradicts earlier readings; of 0 nothing is said.
  void contradicting(std::int64_t rows);

 private:
  Logger log_;
  std::set<std::string> missing_told_;
};

}  // namespace affsync::sync
