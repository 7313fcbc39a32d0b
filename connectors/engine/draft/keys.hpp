// What tells the rows of a sample apart, and may still do so in the next file.
#pragma once

#include <vector>

#include "connectors/engine/draft/sample.hpp"

namespace affsync::engine {

struct KeyWanted {
  bool of_clients = false;  // a row is a client
  bool of_events = false;   // a row is about a moment, and equal ones may come in one second
  SampleField const* client = nullptr;
  SampleField const* day = nullptr;           // or month; null: there is none
  std::vector<SampleField const*> not_these;  // never of a key: amounts, and what changes
  SampleField const* currency = nullptr;      // tells no two rows apart without more
};

struct KeyGuess {
  std::vector<SampleField const*> fields;  // empty: all of the content
  bool is_content = true;                  // a hash of the fields; false: the value of one
  SampleField const* line = nullptr;       // the numbers of the lines; null: there are none
};

// Returns an id of the rows if there is one. Whoever occurs in the next file again, such as a
// client, a campaign or a day, is none, and neither are the numbers of the lines. Without an id,
// the content is the key: all fields but amounts and counts, if they have a day or month and tell
// the rows of the sample apart, or else everything.
KeyGuess guess_key(Sample const& sample, KeyWanted const& wanted);

}  // namespace affsync::engine
