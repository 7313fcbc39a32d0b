#include "connectors/engine/draft/guesses.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {
namespace {

constexpr std::string_view digits = "0123456789";

// Lower case, without what separates words. Other letters than ASCII stay as they are.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (char const c : name) {
    if (std::string_view(" _-./()[]#:%").find(c) == std::string_view::npos) plain += to_lower(c);
  }
  return plain;
}

// A number with this decimal sign, and nothing or `group` between thousands.
bool is_number(std::string_view text, char decimal, std::string_view group) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  auto const point = text.find(decimal);
  auto whole = text.substr(0, point);
  if (point != text.npos && text.find_first_not_of(digits, point + 1) != text.npos) return false;
  if (group.empty()) return !whole.empty() && whole.find_first_not_of(digits) == whole.npos;
  for (bool first = true; !whole.empty(); first = false) {
    auto const end = std::min(whole.find(group), whole.size());
    auto const part = whole.substr(0, end);
    bool const fits = first ? !part.empty() && part.size() <= 3 : part.size() == 3;
    if (!fits || part.find_first_not_of(digits) != part.npos) return false;
    whole.remove_prefix(std::min(end + group.size(), whole.size()));
  }
  return true;
}

bool all_fit(SampleField const& field, std::string const& format) {
  TimeReader const reader({format}, "UTC");
  return std::ranges::all_of(
      field.values, [&](std::string const& text) { return reader.read_instant(text).has_value(); });
}

}  // namespace

std::optional<NumberGuess> guess_number(SampleField const& field) {
  if (field.values.empty()) return std::nullopt;
  if (field.is_number) return NumberGuess();
  struct Form {
    char decimal;
    std::string_view group;
  };
  constexpr Form forms[] = {{'.', ""},  {',', ""},       {'.', ","}, {',', "."},
                            {',', " "}, {',', "\u00A0"}, {'.', " "}, {'.', "'"}};
  for (auto const& form : forms) {
    bool const fits = std::ranges::all_of(field.values, [&](std::string const& text) {
      return is_number(text, form.decimal, form.group);
    });
    if (fits) return NumberGuess{form.decimal == ',', std::string(form.group)};
  }
  return std::nullopt;
}

std::optional<DayGuess> guess_day(SampleField const& field, DocumentFormat format) {
  if (field.values.empty()) return std::nullopt;
  DayGuess guess;
  bool const are_whole = std::ranges::all_of(field.values, [](std::string const& text) {
    return text.find_first_not_of("0123456789.") == text.npos;
  });
  bool const is_called_so =
      is_called(field, {"date", "time", "day", "created", "datum", "дата", "at"});
  auto const least = *std::ranges::min_element(field.values, {}, &std::string::size);
  if (are_whole && format == DocumentFormat::xlsx && field.is_number && is_called_so &&
      least.substr(0, least.find('.')).size() == 5) {
    guess.is_serial = true;
    guess.format = "iso";
    guess.has_time = std::ranges::any_of(
        field.values, [](std::string const& text) { return text.find('.') != text.npos; });
    return guess;
  }
  if (are_whole && is_called_so && (least.size() == 10 || least.size() == 13) &&
      least.find('.') == least.npos) {
    guess.epoch = least.size() == 10 ? "seconds" : "milliseconds";
    guess.has_time = true;
    return guess;
  }
  std::vector<std::string> formats{"iso"};
  for (auto const* day : {"%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y.%m.%d", "%d-%m-%Y",
                          "%d %b %Y", "%b %d, %Y"}) {
    for (auto const* time : {"", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p"}) {
      formats.push_back(std::string(day) + time);
    }
  }
  if (is_called_so) formats.emplace_back("%Y%m%d");
  for (auto const& one : formats) {
    if (!all_fit(field, one)) continue;
    if (!guess.format.empty()) {
      guess.other = one;
      break;
    }
    guess.format = one;
    guess.has_time =
        one == "iso" ? field.values.front().size() > 10 : one.find("%M") != std::string::npos;
    if (one == "iso") break;
  }
  return guess.format.empty() ? std::nullopt : std::optional(guess);
}

bool is_currency(SampleField const& field) {
  bool const are_codes = std::ranges::all_of(field.values, [](std::string const& text) {
    return text.size() >= 3 && text.size() <= 5 &&
           std::ranges::all_of(text, [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; });
  });
  return !field.values.empty() && are_codes &&
         is_called(field, {"curr", "ccy", "coin", "asset", "währ", "валют"});
}

bool is_called(SampleField const& field, std::initializer_list<std::string_view> words) {
  auto const name = plain_name(field.name);
  return std::ranges::any_of(words, [&](std::string_view word) {
    return word.size() < 3 ? name.ends_with(word) : name.find(word) != name.npos;
  });
}

bool is_unique(SampleField const& field, std::size_t rows) {
  std::set<std::string_view> const different(field.values.begin(), field.values.end());
  return field.values.size() == rows && different.size() == rows;
}

std::vector<SampleField const*> guess_key(Sample const& sample,
                                          std::vector<SampleField const*> const& others,
                                          std::vector<SampleField const*> const& not_these) {
  std::vector<SampleField const*> unique;
  for (auto const& field : sample.fields) {
    bool const is_excluded =
        std::ranges::find(not_these, &field) != not_these.end() ||
        is_called(field, {"count", "total", "sum", "amount", "deposit", "volume", "commission"});
    if (!is_excluded && is_unique(field, sample.rows)) unique.push_back(&field);
  }
  for (auto const* field : unique) {
    if (is_called(*field, {"id", "ref", "number", "ticket", "no", "txid", "номер"})) return {field};
  }
  if (!unique.empty()) return {unique.front()};
  std::vector<SampleField const*> key;
  std::vector<std::string> joined(sample.rows);
  for (auto const* field : others) {
    if (field == nullptr || field->values.size() != sample.rows) continue;
    key.push_back(field);
    for (std::size_t row = 0; row < sample.rows; ++row) joined[row] += field->values[row] + '\0';
    std::set<std::string_view> const different(joined.begin(), joined.end());
    if (different.size() == sample.rows) return key;
  }
  return {};
}

}  // namespace affsync::engine
