// Reads what an answer says about its list: counts, whether another page follows, and where it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/http_message.hpp"
#include "base/json.hpp"
#include "base/redact.hpp"
#include "connectors/engine/answer/http_status.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

// What an answer says about its list; a field is unset if the answer does not say it.
struct PageHints {
  std::optional<std::int64_t> total;        // rows of the whole list
  std::optional<std::int64_t> total_pages;  // pages of the whole list, at the requested page size
  std::optional<bool> more;                 // whether another page follows
  std::string next;         // cursor, link or id of the next page; empty: there is none
  PartOfAnswer part;        // what its status says, if that is 206
  std::string unread_more;  // what says that rows follow, though no word of the connector reads it
};

// Returns a count that is a JSON number or a text; nullopt if it is missing or not a plausible
// count.
std::optional<std::int64_t> read_count(std::optional<JsonPath> const& path, Json const& body);

// Reads the hints of one page. `rows` are the page's rows in their order. A link is accepted only
// if it has the same origin as `base_url` and lies below its path; the result is its path and
// query, relative to the base URL. Errors: paging_broken for a link to another scheme, host or
// port, or outside of the base URL, and for a next page that is there but cannot be read.
Result<PageHints> read_page_hints(PageSpec const& page, Json const& body,
                                  std::vector<Json const*> const& rows, std::string const& base_url,
                                  std::string const& asked_target, Headers const& headers = {},
                                  int status = 200);

// Returns path and query of a link in an answer, relative to the base URL: the link is resolved
// against the target that was asked, and accepted only as read_page_hints() does. Error:
// paging_broken.
Result<std::string> target_of_link(std::string const& link, std::string const& base_url,
                                   std::string const& asked_target);

// Returns the part of a cursor or link that may be stored although it quotes one of our secrets.
// Parameters whose whole value is the secret are removed, because the request sends the secret in
// its headers anyway. If the secret is elsewhere, the result is empty, and a run that resumes reads
// the list from its start.
std::string storable(std::string const& next, Redactor const& secrets);

}  // namespace affsync::engine
