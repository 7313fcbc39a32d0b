// Rows of a sample on other days than the sample's: every date in them is moved by as many days.
#include <charconv>
#include <cstdio>

#include "base/text.hpp"

#include "connectors/proof/listing.hpp"

namespace affsync::proof {
namespace {

using std::chrono::days;

// Moves the number of seconds or milliseconds that a run of digits is; returns false if it is none.
bool move_epoch(std::string& digits, int by) {
  constexpr std::int64_t least = 1'262'304'000, most = 2'051'222'400;  // 2010 to 2035
  constexpr std::size_t seconds_size = 10, milliseconds_size = 13;
  constexpr std::int64_t day = 86'400;
  if (digits.size() != seconds_size && digits.size() != milliseconds_size) return false;
  std::int64_t const unit = digits.size() == seconds_size ? 1 : 1000;
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (value < least * unit || value > most * unit) return false;
  digits = std::to_string(value + by * day * unit);
  return true;
}

// One way to write a day: how many digits each part has, in order, and what stands between them.
struct Form {
  std::string_view parts;  // of Y, M and D
  char mark;               // '\0': nothing, and each part has all its digits
  bool is_short = false;   // months and days may have one digit
};
constexpr Form forms[] = {
    {"YMD", '-'}, {"YMD", '/'}, {"DMY", '.'}, {"MDY", '/', true}, {"YMD", '\0'}};

// Returns the length of a day in this form at the beginning of a text, and what it is.
std::optional<std::pair<std::size_t, Day>> day_at(std::string_view text, Form const& form) {
  int year = 0, month = 0, day = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < form.parts.size(); ++i) {
    char const part = form.parts[i];
    if (i > 0 && form.mark != '\0') {
      if (at >= text.size() || text[at] != form.mark) return std::nullopt;
      ++at;
    }
    std::size_t const most = part == 'Y' ? 4 : 2;
    std::size_t size = 0;
    while (size < most && at + size < text.size() && is_digit(text[at + size])) ++size;
    if (size == 0 || (size < most && (!form.is_short || part == 'Y'))) return std::nullopt;
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + size, value);
    (part == 'Y' ? year : part == 'M' ? month : day) = value;
    at += size;
  }
  if (at < text.size() && is_digit(text[at])) return std::nullopt;
  constexpr int first_year = 2000, last_year = 2100;
  std::chrono::year_month_day const date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (year < first_year || year > last_year || !date.ok()) return std::nullopt;
  return std::pair(at, Day(std::chrono::sys_days(date)));
}

std::string written(Day day, Form const& form) {
  std::chrono::year_month_day const date(day);
  std::string out;
  for (std::size_t i = 0; i < form.parts.size(); ++i) {
    if (i > 0 && form.mark != '\0') out += form.mark;
    char const part = form.parts[i];
    auto const value = part == 'Y'   ? static_cast<unsigned>(static_cast<int>(date.year()))
                       : part == 'M' ? static_cast<unsigned>(date.month())
                                     : static_cast<unsigned>(date.day());
    char text[16];
    std::snprintf(text, sizeof text, form.is_short ? "%u" : part == 'Y' ? "%04u" : "%02u", value);
    out += text;
  }
  return out;
}

std::string moved(std::string_view text, int by) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    bool const begins = is_digit(text[at]) && (at == 0 || !is_digit(text[at - 1]));
    std::size_t taken = 0;
    for (auto const& form : forms) {
      auto const day = begins ? day_at(text.substr(at), form) : std::nullopt;
      if (!day) continue;
      out += written(day->second + days(by), form);
      taken = day->first;
      break;
    }
    if (begins && taken == 0) {
      std::size_t size = 0;
      while (at + size < text.size() && is_digit(text[at + size])) ++size;
      std::string digits(text.substr(at, size));
      move_epoch(digits, by);
      out += digits;
      taken = size;
    }
    if (taken == 0) out += text[at++];
    at += taken;
  }
  return out;
}

Json moved(Json const& json, int by) {
  if (json.is_object()) {
    Json::Object members;
    for (auto const& member : json.members())
      members.push_back({member.name, moved(member.value, by)});
    return Json::object(std::move(members));
  }
  if (json.is_array()) {
    Json::Array items;
    for (auto const& item : json.items()) items.push_back(moved(item, by));
    return Json::array(std::move(items));
  }
  if (json.is_string()) return Json::string(moved(json.as_string(), by));
  if (json.is_number()) return Json::number(moved(json.number_text(), by));
  return json;
}

}  // namespace

std::optional<ListedRow> Listing::on_day(ListedRow const& row, Day day) {
  if (!row.day) return std::nullopt;
  auto copy = row;
  copy.made = true;
  auto const by = static_cast<int>((day - *row.day).count());
  if (is_json_) {
    copy.value = moved(row.value, by);
  } else {
    copy.text = moved(row.text, by);
    if (!texts_ || !read_text(copy)) return std::nullopt;
  }
  bool const is_kept = plan_->spec->window && plan_->spec->window->day_is_kept;
  auto mapped = is_kept ? Result<std::vector<ExpectedRow>>(row.stored) : map_one(copy);
  if (!mapped) return std::nullopt;
  copy.stored = std::move(*mapped);
  if (!is_kept) note_day(copy);
  if (!is_kept && copy.day != day) return std::nullopt;
  constexpr int attempts = 100;  // a key that one row gets may be that of another one
  for (int i = 0; !is_kept && !is_new(copy); ++i) {
    if (i == attempts) return std::nullopt;
    auto other = copy_of(copy, ++copies_);
    if (other) copy = std::move(*other);
  }
  copy.day = day;
  return copy;
}

void Listing::spread(Day last, int count) {
  auto const originals = rows_;
  read_at_ = last + days(1);
  std::vector<bool> has_moved(originals.size());
  for (int back = count - 1; back >= 0; --back) {
    for (std::size_t i = 0; i < originals.size(); ++i) {
      auto copy = on_day(originals[i], last - days(back));
      if (!copy) continue;
      has_moved[i] = true;
      rows_.push_back(std::move(*copy));
    }
  }
  std::vector<ListedRow> rows;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (i < originals.size() && has_moved[i]) continue;
    if (!rows_[i].day) rows_[i].day = last;  // it belongs to whatever is asked for
    rows.push_back(std::move(rows_[i]));
  }
  rows_ = std::move(rows);
}

}  // namespace affsync::proof
