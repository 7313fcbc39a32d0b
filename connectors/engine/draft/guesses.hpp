// What the fields of a sample may mean.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/engine/draft/sample.hpp"

namespace affsync::engine {

// How the numbers of a field are written; nullopt if not all of its values are numbers.
struct NumberGuess {
  bool decimal_comma = false;
  std::string grouping;    // between thousands; empty: nothing
  std::string unreadable;  // a value with a sign of a currency or in brackets; empty: there is none
  // A value that may be two numbers, such as 1,234, if nothing in the field tells which; the form
  // above is that of the larger ones. Empty: the form is certain.
  std::string two_ways;
};
std::optional<NumberGuess> guess_number(SampleField const& field);

// The numbers that a text such as 1,234 may be, the larger one first: 1234 and 1.234.
std::pair<std::string, std::string> two_numbers(std::string_view text);

// How the days of a field are written; nullopt if not all of its values are days or times.
struct DayGuess {
  std::string format;  // "iso" or strptime fields; empty: a number
  std::string other;   // a second format that fits all values too
  bool has_time = false;
  bool is_midnight = false;  // all times are 00:00
  std::string epoch;         // unit of a number since 1970: "seconds", "milliseconds"
  bool is_serial = false;    // days since 1900, as workbooks count
};
std::optional<DayGuess> guess_day(SampleField const& field, DocumentFormat format);

// Returns true if the values are months, such as 2026-11, 11/2026 or November 2026.
bool is_month(SampleField const& field);

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
// Returns true if the name is that of an id, of whatever it is.
bool names_id(SampleField const& field);
// Returns true if the name says that the values identify the rows: the id of a transaction, an
// order, or the like, or an id alone.
bool names_row(SampleField const& field);
// Returns true if the name is that of the lines' numbers, or may be: "#", "No.", "Id", or none.
bool names_line(SampleField const& field);

// Returns true if one of the name's words is one of these, in singular or plural. A word of four
// letters and more may be the end of a longer one.
bool has_word(SampleField const& field, std::initializer_list<std::string_view> words);

// Returns true if the field's name holds one of the words, ignoring case and what separates words.
bool is_called(SampleField const& field, std::initializer_list<std::string_view> words);

// Returns true if every row has a value, and no two the same.
bool is_unique(SampleField const& field, std::size_t rows);

}  // namespace affsync::engine
