// The ways to read a text that quotes a secret: as it stands, and with its escapes decoded, several
// times over for what was packed into another text. Two texts are compared without case, and with
// each run of blanks and control characters as one blank. Performs no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace affsync {

// The bytes of the original text that a byte stands for.
struct Place {
  std::uint32_t begin = 0, end = 0;
};

struct Reading {
  std::string bytes;
  std::vector<Place> places;  // of each byte; empty if they are not wanted
};

// How often a text is decoded. A server that logs a request packs it into JSON, a proxy in front
// packs that into JSON or a query once more.
constexpr int most_decodings = 4;

Reading as_it_stands(std::string_view text, bool with_places);

// Decodes the escapes of a query, of JSON and of HTML once; returns false if there are none.
bool decode(Reading& reading);

// Returns the bytes as they are compared.
Reading compared(Reading const& reading);

}  // namespace affsync
