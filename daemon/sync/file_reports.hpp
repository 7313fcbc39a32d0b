// What the reports of single files say of the file, and of the pass over a folder that they are a
// part of.
#pragma once

#include <string>
#include <vector>

#include "base/run_report.hpp"

namespace affsync::sync {

bool is_stored(RunStatus status);
bool is_stored(RunReport const& report);

// Returns whether the file itself is wrong, so that reading it again would not help. Of one that
// was not found that holds only if it is there.
bool is_fault_of_file(RunReport const& report);

// Returns whether the next file would fare no better.
bool is_fault_of_all(RunReport const& report);

// Adds the report of one file to that of the pass, which takes the worst status.
void add_to(RunReport& sum, RunReport const& one);

// The report has the error of the first file that failed; adds the names of the others.
void name_failed(std::vector<std::string> const& files, RunReport& all);

}  // namespace affsync::sync
