#include "connectors/engine/draft/keys.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "connectors/engine/draft/guesses.hpp"

namespace affsync::engine {
namespace {

using Field = SampleField const*;

bool is_among(Field field, std::vector<Field> const& fields) {
  return std::ranges::find(fields, field) != fields.end();
}

// Returns true if the values count the rows, from 1 or 0 on: the next file begins anew. Ids of a
// program, in an answer of JSON, do not.
bool counts_rows(SampleField const& field, std::size_t rows) {
  if (field.is_of_program || field.values.size() != rows || rows == 0) return false;
  std::size_t const first = field.values.front() == "0" ? 0 : 1;
  for (std::size_t i = 0; i < rows; ++i) {
    if (field.values[i] != std::to_string(first + i)) return false;
  }
  return true;
}

// Returns true if the values are amounts, counts or percentages, not words that are called like
// them ("Bonus code", "Trade type").
bool holds_measures(SampleField const& field) {
  auto const has_letters = [](std::string const& text) {
    return std::ranges::any_of(text, [](unsigned char c) {
      return c >= 0x80 || ((c | 0x20U) >= 'a' && (c | 0x20U) <= 'z');
    });
  };
  return is_measure(field) &&
         (guess_number(field).has_value() || std::ranges::none_of(field.values, has_letters));
}

Field find_id(Sample const& sample, KeyWanted const& wanted) {
  auto const is_id = [&](SampleField const& field, bool (*names)(SampleField const&)) {
    return !is_among(&field, wanted.not_these) && &field != wanted.day && !is_measure(field) &&
           is_unique(field, sample.rows) && names(field) && !counts_rows(field, sample.rows);
  };
  if (wanted.of_clients && wanted.client != nullptr && is_unique(*wanted.client, sample.rows)) {
    return wanted.client;
  }
  for (auto const& field : sample.fields) {
    if (is_id(field, names_row)) return &field;
  }
  if (!wanted.of_clients) return nullptr;
  for (auto const& field : sample.fields) {
    if (is_id(field, names_id)) return &field;
  }
  return nullptr;
}

// Returns true if the fields that every row has differ between any two rows.
bool tell_apart(std::vector<Field> const& fields, std::size_t rows) {
  std::vector<std::string> joined(rows);
  for (auto const* field : fields) {
    if (field->values.size() != rows) continue;
    for (std::size_t row = 0; row < rows; ++row) joined[row] += field->values[row] + '\0';
  }
  std::set<std::string_view> const different(joined.begin(), joined.end());
  return different.size() == rows;
}

}  // namespace

KeyGuess guess_key(Sample const& sample, KeyWanted const& wanted) {
  KeyGuess guess;
  if (auto const* id = find_id(sample, wanted)) {
    guess.fields = {id};
    guess.is_content = false;
    return guess;
  }
  bool says_more = false;  // than a day and a currency, which the next file has again
  for (auto const& field : sample.fields) {
    bool const is_line = counts_rows(field, sample.rows) && (names_line(field) || names_row(field));
    if (is_line && guess.line == nullptr) guess.line = &field;
    bool const is_excluded = is_line || is_among(&field, wanted.not_these) || field.is_list ||
                             (holds_measures(field) && &field != wanted.day);
    if (is_excluded) continue;
    // A cell is empty, but the header has its column; members of JSON may be missing for good.
    bool const is_whole = field.values.size() == sample.rows;
    if (!is_whole && !sample.document.is_table()) continue;
    guess.fields.push_back(&field);
    says_more = says_more || (is_whole && &field != wanted.day && &field != wanted.currency);
  }
  bool const has_day = wanted.day != nullptr && wanted.day->values.size() == sample.rows;
  bool const is_enough = has_day && says_more && tell_apart(guess.fields, sample.rows);
  if (!is_enough || wanted.of_events) guess.fields.clear();
  return guess;
}

}  // namespace affsync::engine
