// Parses the options of a number in `map`: how it is written, what it counts, and its sign.
#include <algorithm>
#include <array>

#include "base/case_fold.hpp"
#include "connectors/engine/manifest/column.hpp"
#include "connectors/engine/values/minor_units.hpp"

namespace affsync::engine::grammar {
namespace {

struct LocaleFormat {
  std::string_view word;
  char mark;
  std::string_view grouping;
};

constexpr LocaleFormat formats[] = {
    {"en", '.', ","}, {"de", ',', "."}, {"es", ',', "."}, {"fr", ',', " "},
    {"it", ',', "."}, {"nl", ',', "."}, {"pl", ',', " "}, {"pt", ',', "."},
    {"ru", ',', " "}, {"tr", ',', "."}, {"uk", ',', " "},
};

constexpr auto words_of_formats = [] {
  std::array<std::string_view, std::size(formats)> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = formats[i].word;
  return words;
}();

constexpr Range<int> digits_of_minor_units{1, 18}, digits_of_currency{0, 18};

bool is_number(ColumnMapping const& column) {
  return column.type == ValueType::decimal || column.type == ValueType::percent ||
         column.type == ValueType::integer;
}

std::optional<yaml::Node> find_for(ObjectMap& map, char const* key, bool is_allowed,
                                   ColumnMapping const& column, std::string const& types) {
  auto node = map.find(key);
  if (node && !is_allowed) {
    node->fail("`" + std::string(key) + "` is only allowed with " + types + ", but this value is " +
               std::string(word_of(column.type)));
  }
  return node;
}

NumberFormat read_number_locale(yaml::Node const& node) {
  auto const text = node.text();
  for (auto const& format : formats) {
    if (format.word == text) return {format.mark, std::string(format.grouping)};
  }
  std::vector<std::string> known(words_of_formats.begin(), words_of_formats.end());
  refuse_word(node, text, known, "a language that says how numbers are written");
}

void read_format(ObjectMap& map, ColumnMapping& out) {
  std::string const types = "decimal or percent or int";
  if (is_number(out)) {
    if (auto const node = map.find("locale")) out.number_format = read_number_locale(*node);
  }
  bool const has_locale = out.number_format.has_value();
  auto const own = [&](yaml::Node const& node) -> NumberFormat& {
    if (has_locale) {
      node.fail("`locale` already says how the numbers are written", "Use only one of them.");
    }
    if (!out.number_format) out.number_format.emplace();
    return *out.number_format;
  };
  bool const has_places = is_number(out) && out.type != ValueType::integer;
  if (auto const node = find_for(map, "decimal_comma", has_places, out, "decimal or percent")) {
    own(*node).decimal_mark = node->as_bool() ? ',' : '.';
  }
  if (auto const node = find_for(map, "grouping", is_number(out), out, types)) {
    auto& format = own(*node);
    format.grouping = node->text();
    bool const is_mark = format.grouping.size() == 1 &&
                         std::string_view(" .,'_").find(format.grouping) != std::string_view::npos;
    if (!is_mark) {
      node->fail(yaml::quoted(format.grouping) + " cannot be between groups of digits",
                 "Use a blank, a point, a comma, an apostrophe or _.");
    }
    if (format.grouping.front() == format.decimal_mark) {
      node->fail("the same character cannot be the decimal mark and be between groups",
                 "Set `decimal_comma: true`, or another `grouping`.");
    }
  }
}

std::string read_code(yaml::Node const& node) {
  auto const code = node.text();
  bool const fits = !code.empty() && code.size() <= 10 && std::ranges::all_of(code, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
  if (!fits) node.fail(yaml::quoted(code) + " is not a currency code", "In capitals, such as USC.");
  return code;
}

void read_other_minor_units(yaml::Node const& node, ColumnMapping& out) {
  for (auto const& [code, digits] : node.entries()) {
    out.other_minor_units.emplace(read_code(code), read_integer(digits, digits_of_currency));
  }
  if (out.other_minor_units.empty()) {
    node.fail("`minor_units` names no currency",
              "Write `true` for the digits of ISO 4217, or its exceptions, such as {ISK: 2}.");
  }
}

void read_unit(ObjectMap& map, ColumnMapping& out) {
  auto const node = find_for(map, "minor_units", out.type == ValueType::decimal, out, "decimal");
  if (!node) return;
  if (node->is_map()) {
    out.minor_units_of_currency = true;
    read_other_minor_units(*node, out);
  } else if (node->is_scalar() && (node->text() == "true" || node->text() == "false")) {
    out.minor_units_of_currency = node->as_bool();
  } else {
    out.minor_units = read_integer(*node, digits_of_minor_units);
  }
  if (out.shift != 0 || out.invert) {
    node->fail("`minor_units` cannot be combined with `" +
                   std::string(out.invert ? "invert" : "shift") + "`",
               "Both move the decimal point.");
  }
}

void read_cents(ObjectMap& map, ColumnMapping& out, ColumnEntry const& entry) {
  bool const is_currency = entry.column.name == "currency";
  auto const node = find_for(map, "cents", out.type == ValueType::decimal || is_currency, out,
                             "decimal or the column currency");
  if (!node) return;
  if (is_currency) {
    if (!node->is_map()) {
      node->fail("of the currency, `cents` says what each code counts cents of",
                 "Such as {USC: USD}.");
    }
    for (auto const& [code, of] : node->entries()) {
      out.cents_of.emplace(read_code(code), read_code(of));
    }
    return;
  }
  if (node->is_map()) {
    node->fail("of an amount, `cents` is a list of currency codes",
               "What they count cents of goes to the column currency.");
  }
  for (auto const& item : one_or_more(*node)) out.cents.push_back(read_code(item));
}

void read_sign(ObjectMap& map, ColumnMapping& out) {
  auto const node = find_for(map, "negative_if", out.type == ValueType::decimal, out, "decimal");
  if (!node) return;
  auto const entries = node->entries();
  if (entries.size() != 1) {
    node->fail("`negative_if` takes one field", "Such as {type: [refund, debit]}.");
  }
  out.negative_if = read_path(entries.front().first);
  for (auto const& word : read_texts(entries.front().second)) {
    out.negative_if_words.push_back(fold_case(word));
  }
}

}  // namespace

std::span<std::string_view const> const number_locales(words_of_formats);

void read_number_options(ObjectMap& map, ColumnMapping& out, ColumnEntry const& entry) {
  read_format(map, out);
  read_unit(map, out);
  read_cents(map, out, entry);
  read_sign(map, out);
}

void check_currency(TableMapping const& mapping, yaml::Node const& columns) {
  auto const currency = std::ranges::find(mapping.columns, "currency", &ColumnMapping::column);
  bool const has_currency = currency != mapping.columns.end();
  for (std::size_t i = 0; i < mapping.columns.size(); ++i) {
    auto const& column = mapping.columns[i];
    auto const needs = [&](char const* what) {
      columns.entries()[i].second.fail(
          "`" + std::string(what) + "` needs the row's currency",
          "Map the column `currency` of " + yaml::quoted(mapping.table->name) + " as well.");
    };
    if (!has_currency && column.scale_of_currency) needs("scale: currency");
    if (!has_currency && column.minor_units_of_currency) {
      needs(column.other_minor_units.empty() ? "minor_units: true" : "minor_units");
    }
    if (!has_currency && !column.cents.empty()) needs("cents");
    for (auto const& code : column.cents) {
      if (currency->cents_of.contains(code)) continue;
      if (iso_minor_unit_digits(code)) {
        columns.entries()[i].second.fail(
            yaml::quoted(code) +
                " is a currency itself, and `cents` is for accounts that count "
                "cents of another one, such as USC",
            "If the broker writes it with other digits than ISO 4217, use `minor_units: {" + code +
                ": 2}`.");
      }
      columns.entries()[i].second.fail(
          "`currency` does not say what " + yaml::quoted(code) + " counts cents of",
          "Give the column `currency` a mapping such as {from: …, cents: {" + code + ": USD}}.");
    }
  }
  if (!has_currency || currency->cents_of.empty()) return;
  auto const at = static_cast<std::size_t>(currency - mapping.columns.begin());
  for (auto const& entry : currency->cents_of) {
    auto const& code = entry.first;
    bool const is_used = std::ranges::any_of(mapping.columns, [&](ColumnMapping const& column) {
      return std::ranges::find(column.cents, code) != column.cents.end();
    });
    if (is_used) continue;
    columns.entries()[at].second.fail(
        "no amount says that it is in cents if the currency is " + yaml::quoted(code),
        "Add `cents: [" + code + "]` to each amount that is.");
  }
}

}  // namespace affsync::engine::grammar
