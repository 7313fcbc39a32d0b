// Filters, order and paging of the lists of API v3.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sandbox/http.hpp"
#include "tests/sandbox/list_page.hpp"
#include "tests/sandbox/timed_feed.hpp"

namespace affsync::sandbox::iexexchanger_v3 {

// Validation errors of the query: parameter -> texts.
using Problems = std::map<std::string, std::vector<std::string>>;

struct Paging {
  bool by_cursor = false;
  std::size_t page = 1, per_page = 25;
  bool newest_first = true;
  std::string cursor;
  std::optional<std::uint64_t> after;  // ordinal in the cursor
};
Paging read_paging(Query const& query, Problems& problems);

// The rows that pass the filters of the query. `amount`: the name of the feed's first measure in
// filter[…_min] and filter[…_max]; empty if it has none. Returns nullptr if there are problems.
std::shared_ptr<Selection const> filtered(TimedFeed const& feed, std::string_view amount,
                                          Query const& query, bool newest_first,
                                          SelectionCache& cache, Problems& problems);

// The window of the page within the selection.
PageWindow window_of(TimedFeed const& feed, Selection const& selection, Paging const& paging);
// meta.pagination as JSON.
std::string pagination(TimedFeed const& feed, Selection const& selection, Paging const& paging,
                       Rows const& rows, ActiveFaults const& faults);

std::string details(Problems const& problems);  // JSON

}  // namespace affsync::sandbox::iexexchanger_v3
