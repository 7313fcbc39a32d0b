// The colour of a run's status, the same in every command.
#pragma once

#include <string_view>

#include "daemon/cli/terminal/table.hpp"

namespace affsync::cli {

// `status`: the word for a RunStatus; any other is plain.
inline Style status_style(std::string_view status) {
  if (status == "succeeded") return Style::good;
  if (status == "failed") return Style::bad;
  if (status == "partial" || status == "cancelled") return Style::warning;
  if (status == "skipped") return Style::dim;
  return Style::plain;
}

}  // namespace affsync::cli
