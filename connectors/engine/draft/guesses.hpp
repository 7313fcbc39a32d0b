// What the fields of a sample may mean.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/engine/draft/sample.hpp"

namespace affsync::engine {

// How the numbers of a field are written; nullopt if not all of its values are numbers.
struct NumberGuess {
  bool decimal_comma = false;
  std::string grouping;  // between thousands; empty: nothing
};
std::optional<NumberGuess> guess_number(SampleField const& field);

// How the days of a field are written; nullopt if not all of its values are days or times.
struct DayGuess {
  std::string format;  // "iso" or strptime fields; empty: a number
  std::string other;   // a second format that fits all values too
  bool has_time = false;
  std::string epoch;       // unit of a number since 1970: "seconds", "milliseconds"
  bool is_serial = false;  // days since 1900, as workbooks count
};
std::optional<DayGuess> guess_day(SampleField const& field, DocumentFormat format);

bool is_currency(SampleField const& field);

// Returns true if the field's name holds one of the words, ignoring case and what separates words.
bool is_called(SampleField const& field, std::initializer_list<std::string_view> words);

// Returns true if every row has a value, and no two the same.
bool is_unique(SampleField const& field, std::size_t rows);

// Returns the fields that tell the rows apart: one if possible, else two or three of `others`;
// empty if no few do.
std::vector<SampleField const*> guess_key(Sample const& sample,
                                          std::vector<SampleField const*> const& others,
                                          std::vector<SampleField const*> const& not_these);

}  // namespace affsync::engine
