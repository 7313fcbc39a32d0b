// What an answer says about its list: counts, whether more follows, and where.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/redact.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

// What an answer says about its list, where it says anything.
struct PageHints {
  std::optional<std::int64_t> total;        // rows of the whole list
  std::optional<std::int64_t> total_pages;  // its pages, at the size that was asked for
  std::optional<bool> more;                 // whether another page follows
  std::string next;                         // cursor, link or id of the next page; empty: none
};

// A count written as a JSON number or a text; nullopt when it is absent or none that makes sense.
std::optional<std::int64_t> read_count(std::optional<JsonPath> const& path, Json const& body);

// `rows` are those of this page, in their order. Of a link only what leads to the same origin as
// `base_url` is taken, as path and query behind the base url's own path. Errors: paging_broken for
// a link to another scheme, host or port, or outside of the base url.
Result<PageHints> read_page_hints(PageSpec const& page, Json const& body,
                                  std::vector<Json const*> const& rows, std::string const& base_url,
                                  std::string const& asked_target);

// What of a cursor or link may be stored when it quotes a secret of ours: without parameters that
// are nothing but the secret, since a request has it in its headers anyway; otherwise nothing, and
// whoever comes back begins the list anew.
std::string storable(std::string const& next, Redactor const& secrets);

}  // namespace affsync::engine
