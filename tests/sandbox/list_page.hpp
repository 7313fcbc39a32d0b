// Writes the rows of one page, and applies the faults that alter the rows and the total.
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

struct Rows {
  std::size_t begin = 0, end = 0;  // positions within the selection
  std::size_t total = 0;           // size of the selection; 0 with the fault `empty_page`
  std::size_t count = 0;           // rows written
};

// Appends the rows of a window as a JSON array; the broker writes everything around it. `noise`
// chooses the row that a fault alters if the fault does not name one.
Rows write_rows(Feed const& feed, Selection const& selection, PageWindow window,
                ActiveFaults const& faults, std::uint64_t noise, std::string& out);

// The broker's count as JSON, changed by the fault `total`; empty if it must be left out.
std::string altered_total(std::size_t count, ActiveFaults const& faults);

// Applies the fault `shift` after the page was made: removes a row that was already sent, or
// inserts a row before the end of the page.
void shift_rows(Feed& feed, Selection const& selection, PageWindow window,
                ActiveFaults const& faults, std::uint64_t noise);

// Replaces, removes or repeats a member of the JSON object `row`, which has no whitespace. `field`
// may lead into nested objects: `attributes.amount`. Returns false if there is no such member.
bool set_member(std::string& row, std::string_view field, std::string_view json);
bool drop_member(std::string& row, std::string_view field);
bool repeat_member(std::string& row, std::string_view field);

}  // namespace affsync::sandbox
