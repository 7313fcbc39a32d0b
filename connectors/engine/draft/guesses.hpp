// What the fields of a sample may mean.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/engine/draft/sample.hpp"

namespace affsync::engine {

// How the numbers of a field are written; nullopt if not all of its values are numbers.
struct NumberGuess {
  bool decimal_comma = false;
  std::string grouping;    // between thousands; empty: nothing
  std::string unreadable;  // a value with a sign of a currency or in brackets; empty: there is none
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
// The same by the values alone: each is the code of a currency.
bool is_currency_by_values(SampleField const& field);
// Returns the currency that the name of an amount says, or the sign beside all of its values; empty
// if there is none.
std::string currency_in(SampleField const& money);

// Returns true if the name says that the values are cents, or another smallest unit.
bool counts_cents(SampleField const& field);
// Returns true if the name says that somebody earns what is there, not that a client pays it.
bool names_earnings(SampleField const& field);
// Returns true if the values are amounts or counts, which tell no rows apart.
bool is_measure(SampleField const& field);
// Returns true if the name is that of an id.
bool names_row(SampleField const& field);

// Returns true if one of the name's words is one of these, in singular or plural. A word of four
// letters and more may be the end of a longer one.
bool has_word(SampleField const& field, std::initializer_list<std::string_view> words);

// Returns true if the field's name holds one of the words, ignoring case and what separates words.
bool is_called(SampleField const& field, std::initializer_list<std::string_view> words);

// Returns true if every row has a value, and no two the same.
bool is_unique(SampleField const& field, std::size_t rows);

struct KeyWanted {
  bool of_clients = false;  // a row is a client
  bool of_events = false;   // a row is about a moment, and equal ones may come in one second
  SampleField const* client = nullptr;
  std::vector<SampleField const*> parts;      // that may tell rows apart together; null: none
  std::vector<SampleField const*> not_these;  // never alone
};

// Returns the fields that tell the rows apart: an id if there is one, else a few of `parts`; empty
// if no few do, and for events that have no id of their own: their time, or the id of an order that
// several of them have, tells them apart only in this sample. Amounts and counts are never among
// them.
std::vector<SampleField const*> guess_key(Sample const& sample, KeyWanted const& wanted);

}  // namespace affsync::engine
