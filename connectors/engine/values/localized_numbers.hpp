// Numbers in texts as people write them: "1.234,50", "1 234,50", "1,234.50".
#pragma once

#include <string>
#include <string_view>

namespace affsync::engine {

// How a number is written. Groups have three digits and are optional.
struct NumberFormat {
  char decimal_mark = '.';
  std::string grouping;  // one character between groups; a blank means any kind; empty: no groups
  friend bool operator==(NumberFormat const&, NumberFormat const&) = default;
};

// Writes the number with a point and without groups to `out`. Returns the problem in words, or an
// empty text. A mark at another place than the format has it is a problem: the number may mean
// another one. So is a group behind a leading zero: its mark is a decimal one.
std::string_view read_localized(std::string_view text, NumberFormat const& format,
                                std::string& out);

}  // namespace affsync::engine
