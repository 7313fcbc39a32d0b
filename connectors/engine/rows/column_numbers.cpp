// The numbers of a column: how they are written, their unit, their sign, and the noise of floats.
#include <algorithm>

#include "base/case_fold.hpp"
#include "base/decimal.hpp"
#include "base/text.hpp"
#include "connectors/engine/rows/column_reader.hpp"
#include "connectors/engine/values/minor_units.hpp"
#include "connectors/engine/values/numbers.hpp"

namespace affsync::engine {
namespace {

bool is_zero(std::string_view number) {
  return number.find_first_of("123456789") == std::string_view::npos;
}

}  // namespace

// Returns by how many places the point moves to the right; or the problem.
std::string_view ColumnReader::read_shift(RowContext const& context, int& shift) const {
  shift = mapping_.shift;
  if (mapping_.minor_units) shift -= *mapping_.minor_units;
  if (mapping_.minor_units_of_currency) {
    if (context.currency.empty()) return "is in minor units, but the row has no currency";
    auto const other = mapping_.other_minor_units.find(context.currency);
    auto const digits = other != mapping_.other_minor_units.end()
                            ? std::optional(other->second)
                            : iso_minor_unit_digits(context.currency);
    if (!digits) return "is in minor units of a currency that is not in ISO 4217";
    shift -= *digits;
  }
  constexpr int digits_of_cents = 2;
  bool const in_cents = !context.cents_of.empty() &&
                        std::ranges::find(mapping_.cents, context.cents_of) != mapping_.cents.end();
  if (in_cents) shift -= digits_of_cents;
  return {};
}

bool ColumnReader::is_negative(Json const& row) const {
  if (negative_if_.empty()) return false;
  auto const* value = negative_if_.front().in(row);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  if (!text) return false;
  auto const found = trim_blanks(*text);
  return std::ranges::any_of(mapping_.negative_if_words,
                             [&](auto const& word) { return equal_folded(word, found); });
}

std::string_view ColumnReader::convert_number(Form form, std::string_view text, bool is_number,
                                              Json const& row, RowContext const& context,
                                              std::string& out) const {
  std::string plain;
  if (mapping_.number_format && !is_number) {
    bool const has_sign = form == Form::percent && text.ends_with('%');
    if (has_sign) text = trim_blanks(text.substr(0, text.size() - 1));
    if (auto const problem = read_localized(text, *mapping_.number_format, plain);
        !problem.empty()) {
      return problem;
    }
    text = plain;
  }
  if (form == Form::integer) return read_integer(text, out);
  int shift = 0;
  if (auto const problem = read_shift(context, shift); !problem.empty()) return problem;
  if (negative_if_.empty()) return convert_decimal(form, text, is_number, shift, context, out);
  std::string value;
  auto const problem = convert_decimal(form, text, is_number, shift, context, value);
  if (!problem.empty()) return problem;
  // An amount may have its sign already.
  bool const adds_sign = is_negative(row) && !value.starts_with('-') && !is_zero(value);
  if (adds_sign) out += '-';
  out += value;
  return {};
}

std::string_view ColumnReader::convert_decimal(Form form, std::string_view text, bool is_number,
                                               int shift, RowContext const& context,
                                               std::string& out) const {
  auto const read = form == Form::percent ? &read_percent
                    : mapping_.invert     ? &read_inverse
                                          : &read_decimal;
  // Noise comes from a float that was written as a number. A text is meant as written.
  bool const may_be_noise = mapping_.scale_of_currency && is_number && !mapping_.invert;
  if (!may_be_noise) return read(text, shift, mapping_.scale, out);
  std::string sent;
  auto const problem = read(text, 0, std::nullopt, sent);
  if (!problem.empty()) return problem;
  // An amount that is finer than the currency's smallest coin is kept; only noise is removed. If
  // the amount's own digits are a guess, more noise digits are needed as evidence.
  constexpr std::size_t sure = 3, sure_of_a_guess = 5;
  int const minor = minor_unit_digits(context.currency);
  for (int digits = minor; digits <= digits_of_unknown_currency; ++digits) {
    int const places = digits + shift;
    if (places < 0) continue;
    auto const rounded = round_float_noise(sent, places, digits == minor ? sure : sure_of_a_guess);
    if (rounded == sent) continue;
    sent = rounded;
    break;
  }
  out += shift == 0 ? sent : shift_decimal(sent, shift);
  return {};
}

void ColumnReader::spell_plainly(Json const& row, ValueTexts& out) const {
  if (!spells_numbers_) return;
  for (auto const& path : from_) {
    Json const* value = path.in(row);
    if (value == nullptr || !(value->is_number() || value->is_string())) continue;
    auto const text = trim_blanks(*value->scalar_text());
    if (is_spelt_plainly(text)) continue;
    auto const parsed = parse_decimal(text);
    if (parsed.error != DecimalError::none) continue;
    std::string spelling;
    if (value->is_number()) {
      spelling = without_end_zeros(parsed.text);
    } else {
      append_json_string(spelling, without_end_zeros(parsed.text));
    }
    out.emplace_back(value, std::move(spelling));
  }
}

}  // namespace affsync::engine
