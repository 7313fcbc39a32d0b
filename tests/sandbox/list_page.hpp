// The rows of one page, written one by one, and the faults that bend them and the total.
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
  std::size_t begin = 0, end = 0;  // places within the selection
  std::size_t total = 0;           // of the selection, or 0 by the fault `empty_page`
  std::size_t count = 0;           // rows written
};

// Appends the rows of a window as a JSON array; what stands around it is the broker's own business.
// `noise` chooses the row that a fault bends when the fault does not say which.
Rows write_rows(Feed const& feed, Selection const& selection, PageWindow window,
                ActiveFaults const& faults, std::uint64_t noise, std::string& out);

// The broker's count of something as JSON, bent by the fault `total`; empty: to be left out.
std::string bent_total(std::size_t count, ActiveFaults const& faults);

// After the page was made: the fault `shift` takes away a row that was already given out, or slips
// one in among those.
void shift_rows(Feed& feed, Selection const& selection, PageWindow window,
                ActiveFaults const& faults, std::uint64_t noise);

// Replaces, removes or repeats a member of the JSON object `row`, which is written without blanks.
// `field` may lead into objects inside: `attributes.amount`.
// False when it has no such member.
bool set_member(std::string& row, std::string_view field, std::string_view json);
bool drop_member(std::string& row, std::string_view field);
bool repeat_member(std::string& row, std::string_view field);

}  // namespace affsync::sandbox
