// What needs attention: every problem with its reason and the command that mends it, the worst
// first. Performs no I/O.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/serve/page_state.hpp"

namespace affsync::serve {

struct Concern {
  bool bad = false;  // else: a warning
  std::string kind;  // database daemon blocked failed late partial skipped totals quarantine
                     // days_lost days_in_doubt clock status_words alert
  std::string source;
  std::vector<std::string> streams;  // of the source; empty: it concerns all of it
  std::string title;
  std::vector<std::string> reasons;
  std::string remedy;   // what to do, in words
  std::string command;  // to copy; empty if no command mends it
  std::optional<TimePoint> since;
};

// A reason for which rows of a stream are in quarantine.
struct QuarantineReason {
  std::string source, stream, reason;
  std::int64_t rows = 0;
};

// An alert that is open, as the database has it.
struct OpenAlert {
  std::string rule, source, stream, severity, title, text, remedy;
  std::optional<TimePoint> opened_at;
};

// Leaves out alerts on what the state of the streams shows anyway.
std::vector<Concern> concerns(PageState const& state, std::vector<QuarantineReason> const& reasons,
                              std::vector<OpenAlert> const& alerts);

Json concern_json(Concern const& concern);

}  // namespace affsync::serve
