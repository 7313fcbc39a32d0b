// The parameters in the query of a request's target, percent-encoded.
#pragma once

#include <string>
#include <string_view>

namespace affsync::engine {

// Encodes a name or value of a query: everything but unreserved characters, so that commas, pipes,
// plus signs and non-ASCII letters arrive unchanged.
std::string encode_query(std::string_view text);

// Decodes a name or value of a query: %XX and +.
std::string decode_query(std::string_view text);

// Adds a parameter behind the others of a target. One of the same name is removed, wherever it
// came from: from the stream, or from a next-page link.
void set_parameter(std::string& target, std::string_view name, std::string_view value);

}  // namespace affsync::engine
