// The colour of a run's status, shared by all commands.
#pragma once

#include <string_view>

#include "daemon/cli/terminal/table.hpp"

namespace affsync::cli {

// `status`: the name of a RunStatus; any other text is plain.
inline Style status_style(std::string_view status) {
  if (status == "succeeded") return Style::good;
  if (status == "failed") return Style::bad;
  if (status == "partial" || status == "cancelled") return Style::warning;
  if (status == "skipped") return Style::dim;
  return Style::plain;
}

}  // namespace affsync::cli
