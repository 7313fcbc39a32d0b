// One page of a list, written row by row, and the faults that bend its rows and its total.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sandbox/faults.hpp"
#include "tests/sandbox/feed.hpp"
#include "tests/sandbox/selection.hpp"

namespace affsync::sandbox {

struct PageWindow {
  std::size_t offset;
  std::size_t limit;
};

struct Page {
  std::string body;  // {"data":[…],"totals":{…}}
  std::size_t rows = 0;
};

// `noise` chooses the row that a fault bends when the fault does not say which.
Page render_page(Feed const& feed, Selection const& selection, PageWindow window,
                 ActiveFaults const& faults, std::uint64_t noise);

// After the page was made: the fault `shift` takes away a row that was already given out, or slips
// one in among those.
void shift_rows(Feed& feed, Selection const& selection, PageWindow window,
                ActiveFaults const& faults, std::uint64_t noise);

// Replaces, removes or repeats a member of the JSON object `row`, which is written without blanks.
// False when it has no such member.
bool set_member(std::string& row, std::string_view field, std::string_view json);
bool drop_member(std::string& row, std::string_view field);
bool repeat_member(std::string& row, std::string_view field);

}  // namespace affsync::sandbox
