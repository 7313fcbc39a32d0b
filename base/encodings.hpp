// Percent-encoding (RFC 3986) and hexadecimal digits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace affsync {

// Returns the value of a hexadecimal digit in either case; -1 if it is none.
int hex_digit(char c);

// Returns the bytes as lower-case hexadecimal digits.
std::string hex_of(std::string_view bytes);
// Returns the bytes that pairs of hexadecimal digits stand for; nullopt if it is anything else.
std::optional<std::string> bytes_of_hex(std::string_view hex);

// Returns the text with each %XX replaced by its byte; nullopt if a `%` has no two digits behind
// it.
std::optional<std::string> percent_decoded(std::string_view text);
// The same of what somebody else wrote: such a `%` stays as it is.
std::string percent_decoded_where_it_is(std::string_view text);

// Returns true if a segment of the path is a dot or two, also for a server that decodes it first.
bool has_dot_segment(std::string_view encoded_path);

}  // namespace affsync
