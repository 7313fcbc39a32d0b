// Further rows of a list, made out of those of a sample that is too short for several pages.
#include <algorithm>

#include "connectors/proof/listing.hpp"

namespace affsync::proof {
namespace {

// Returns the text with its last digits (or else its last letter) changed, as long as before.
std::string another(std::string text, std::uint64_t number) {
  constexpr std::size_t most = 9;
  auto end = text.find_last_of("0123456789");
  if (end == std::string::npos) {
    if (!text.empty()) text.back() = static_cast<char>('a' + number % 26);
    return text;
  }
  auto begin = end;
  while (begin > 0 && end - begin + 1 < most && text[begin - 1] >= '0' && text[begin - 1] <= '9') {
    --begin;
  }
  std::uint64_t limit = 1;
  for (auto i = begin; i <= end; ++i) limit *= 10;
  auto value = std::stoull(text.substr(begin, end - begin + 1));
  value = (value + limit - number % limit) % limit;
  auto digits = std::to_string(value);
  auto const size = end - begin + 1;
  digits.insert(0, size - digits.size(), '0');
  // A number does not begin with a zero.
  if (begin == 0 && size > 1 && digits.front() == '0') digits.front() = '1';
  return text.replace(begin, size, digits);
}

// Adds the values inside a row, up to a number that bounds the attempts.
void add_values(Json const& json, std::vector<Json const*>& values) {
  constexpr std::size_t most = 64;
  if (json.is_object()) {
    for (auto const& member : json.members()) add_values(member.value, values);
  } else if (json.is_array()) {
    for (auto const& item : json.items()) add_values(item, values);
  } else if (values.size() < most) {
    values.push_back(&json);
  }
}

}  // namespace

std::optional<ListedRow> Listing::copy_of(ListedRow const& row, std::uint64_t number) const {
  // Its text would have to be written anew.
  if (!is_json_ && (!texts_ || states_sums())) return std::nullopt;
  auto const with_another = [&](ListedRow const& from, Json const* value) {
    std::optional<ListedRow> copy;
    auto const text = value == nullptr ? std::nullopt : value->scalar_text();
    if (!text || !(value->is_string() || value->is_number())) return copy;
    copy = with_other(from, *value, another(std::string(*text), number));
    if (copy && copy->day != row.day) copy.reset();
    return copy;
  };
  auto from = row;
  // A list that is paged by the ids of its rows has each of them once, also if the key is another
  // field.
  if (auto const* by_id = std::get_if<engine::IdPaging>(&plan_->spec->page.kind)) {
    auto moved = with_another(row, by_id->id.in(row.value));
    if (!moved) return std::nullopt;
    auto const id_of = [&](ListedRow const& one) {
      auto const* id = by_id->id.in(one.value);
      return id == nullptr ? std::nullopt : id->scalar_text();
    };
    auto const id = id_of(*moved);
    if (std::ranges::any_of(rows_, [&](auto const& other) { return id_of(other) == id; })) {
      return std::nullopt;
    }
    from = std::move(*moved);
    if (is_new(from)) return from;
  }
  std::vector<Json const*> values;
  for (auto const& part : plan_->spec->map.key) {
    if (!part.constant) values.push_back(part.path.in(from.value));
  }
  // The key may be a hash, or stand elsewhere: around rows inside of this one, within a wrapper.
  add_values(from.value, values);
  for (auto const* value : values) {
    auto copy = with_another(from, value);
    if (copy && is_new(*copy)) return copy;
  }
  return std::nullopt;
}

bool Listing::fill_up(std::size_t wanted) {
  if (rows_.empty() || !divisible_) return rows_.size() >= wanted;
  constexpr std::uint64_t attempts = 40;
  auto const originals = rows_.size();
  for (std::uint64_t i = 0; i < attempts && rows_.size() < wanted; ++i) {
    ++copies_;
    auto copy = copy_of(rows_[copies_ % originals], copies_);
    if (copy) rows_.push_back(std::move(*copy));
  }
  return rows_.size() >= wanted;
}

bool Listing::insert_in_front() {
  constexpr std::uint64_t attempts = 40;
  if (rows_.empty() || !divisible_) return false;
  for (std::uint64_t i = 0; i < attempts; ++i) {
    ++copies_;
    auto copy = copy_of(rows_.front(), copies_);
    if (!copy) continue;
    rows_.insert(rows_.begin(), std::move(*copy));
    return true;
  }
  return false;
}

}  // namespace affsync::proof
