// What an answer says beside its rows, in words that no connector has to name: that it failed, or
// that more rows follow. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/http_message.hpp"
#include "base/json.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

// Returns which member of the answer reports an error, and what it says: "`error`: 500: database
// timeout"; nullopt if none does. Members of the answer and of the objects around its list count
// (of an XML document, also those of the outermost element), but not those about which `good` or a
// rule of the connector has already decided that they are fine.
std::optional<std::string> reported_error(StreamSpec const& stream, Json const& body);

// Returns the same for the `errors` of an answer to a GraphQL query, beside which rows are only a
// part.
std::optional<std::string> reported_by_graphql(StreamSpec const& stream, Json const& body);

// Returns what says that more rows follow, and what to do about it: a member such as `has_more`
// that is true, at the top of the answer, in an object around its list or in one such as `paging`
// there; or a header `Link` with rel="next" to another page than `asked_target`. Empty if nothing
// does, if `page` reads it, or if the connector says that none of it counts. `rows`: what holds the
// rows, whose own fields are not meant. The page has rows.
std::string unread_more(StreamSpec const& stream, Json const& body, Json const* rows,
                        Headers const& headers, std::string const& base_url,
                        std::string const& asked_target);

// Returns the same about the lists inside of an answer's elements (`each`), which no page goes on
// with.
std::string unread_more_inside(StreamSpec const& stream, std::vector<Json const*> const& elements);

// Returns a count beside the rows of the only answer to a list that is greater than their number,
// though the connector names none: "`meta.total` is 250". Empty if there is none. A guess: the
// number may be one of something else.
std::string greater_count(StreamSpec const& stream, Json const& body, std::size_t rows);

}  // namespace affsync::engine
