// What a connector file says about how the next page of a list is requested, parsed: one struct for
// each kind of paging.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"

namespace affsync::engine {

// There is a single answer.
struct SingleAnswer {};

// By the number of rows before the page.
struct OffsetPaging {
  std::string parameter = "offset";
  int overlap = 1;                        // rows that consecutive pages share
  int first = 0;                          // the first row's number
  std::optional<JsonPath> total_pages{};  // if the broker counts only pages
};

// By the number of the page.
struct NumberPaging {
  std::string parameter = "page";
  int first_page = 1;  // number of the first page
  std::optional<JsonPath> total_pages{};
  std::optional<JsonPath> more{};  // another page follows unless null, empty, false, 0 or "no"
};

// By a text that the previous answer gives.
struct CursorPaging {
  std::string parameter = "cursor";
  JsonPath next{};  // in the answer
  std::optional<JsonPath> more{};
};

// By an address that the previous answer gives.
struct LinkPaging {
  JsonPath next{};           // in the answer
  bool follow_path = false;  // use only its path and query, under the base URL
  std::optional<JsonPath> more{};
};

// By the id of the last row of the previous page.
struct IdPaging {
  std::string parameter = "before";
  JsonPath id{};  // in a row
  std::optional<JsonPath> more{};
};

using PagingKind =
    std::variant<SingleAnswer, OffsetPaging, NumberPaging, CursorPaging, LinkPaging, IdPaging>;

// The number of rows that a request asks for.
struct PageSize {
  std::string parameter = "limit";
  int rows = 100;
  int max_rows = 1000;  // upper bound of page_size in the configuration
};

// Headers of the answer that say what its body does not; empty: none.
struct PageHeaders {
  std::string total;
  std::string total_pages;
  std::string more;
  std::string next;  // a cursor or link; a link may be one of several of RFC 8288, with rel="next"
};

struct PageSpec {
  PagingKind kind;
  std::optional<PageSize> size;   // nullopt: the broker decides the page size
  std::optional<JsonPath> total;  // the broker's count of the whole filtered list
  PageHeaders headers;
  bool in_body = false;  // the parameters are members of the body
  std::vector<int>
      end_status;             // statuses that mean, behind the first page, that the list has ended
  bool ignores_more = false;  // whatever an answer says beside its rows about more of them
  bool until_known = false;   // newest first: an incremental pass ends at a page without new rows

  // The broker counts the rows of the list.
  bool has_total() const { return total || !headers.total.empty(); }
  bool has_total_pages() const { return total_pages() || !headers.total_pages.empty(); }
  bool is_single_answer() const { return std::holds_alternative<SingleAnswer>(kind); }
  // Returns the parameter that selects the page; empty if the kind of paging has none.
  std::string_view parameter() const;
  // Return the paths of kinds that have them; nullopt for others.
  std::optional<JsonPath> const& total_pages() const;
  std::optional<JsonPath> const& more() const;
};

// Returns true if the paging sets this query parameter; nothing else may set it then.
bool is_paging_parameter(PageSpec const& page, std::string_view name);

}  // namespace affsync::engine
