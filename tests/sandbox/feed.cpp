// The current rows of a report, and how they change.
#include "tests/sandbox/feed.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_set>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox {

void Totals::add(MeasuredRow const& row) {
  ++rows;
  ++rows_by_currency[row.currency];
  for (std::size_t i = 0; i < most_measures; ++i) sums[i][row.currency] += row.values[i];
}

WideSum Totals::sum(std::size_t measure) const {
  return std::accumulate(sums[measure].begin(), sums[measure].end(), WideSum{0});
}

void append_currency_list(std::string& out, Totals const& totals) {
  out += '[';
  for (std::size_t i = 0; i < currencies.size(); ++i) {
    if (totals.rows_by_currency[i] == 0) continue;
    if (out.back() != '[') out += ',';
    out.append("\"").append(currencies[i]).append("\"");
  }
  out += ']';
}

Totals Feed::totals() const {
  Totals totals;
  for (std::size_t i = 0; i < size(); ++i) totals.add(measure(at(i)));
  return totals;
}

void Feed::touch() {
  ++version_;
  if (touched_) return;
  rows_.resize(base_rows_);
  std::iota(rows_.begin(), rows_.end(), Handle{0});
  touched_ = true;
}

std::size_t Feed::place_of(Handle row) const {
  auto const before = [this](Handle a, Handle b) {
    return std::tuple(natural_key(a), a) < std::tuple(natural_key(b), b);
  };
  return static_cast<std::size_t>(std::lower_bound(rows_.begin(), rows_.end(), row, before) -
                                  rows_.begin());
}

std::vector<Handle> Feed::choose(std::size_t rows, std::uint64_t noise, std::size_t spare) const {
  std::unordered_set<std::size_t> taken;
  std::vector<Handle> chosen;
  Noise choice(noise, 'C', version_);
  spare = std::min(spare, size());
  auto const others = size() - spare;
  rows = std::min(rows, others);
  while (chosen.size() < rows) {
    auto const position = spare + choice.below(static_cast<std::uint32_t>(others));
    if (taken.insert(position).second) chosen.push_back(at(position));
  }
  return chosen;
}

std::vector<Handle> Feed::choose_for(std::size_t action, std::size_t rows,
                                     std::uint64_t noise) const {
  std::vector<Handle> chosen;
  if (size() == 0) return chosen;
  auto const start = Noise(noise, 'A', version_).below(static_cast<std::uint32_t>(size()));
  for (std::size_t i = 0; i < size() && chosen.size() < rows; ++i)
    if (Handle const row = at((start + i) % size()); can_act(action, row)) chosen.push_back(row);
  return chosen;
}

void Feed::change(Handle row) {
  ++version_;
  ++revisions_[row];
  changed(row);
}

void Feed::remove(Handle row) {
  touch();
  auto const place = place_of(row);
  if (place == rows_.size() || rows_[place] != row) return;
  rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(place));
  removed_.push_back(row);
}

std::vector<Handle> Feed::restore(std::size_t rows) {
  std::vector<Handle> struck;
  while (struck.size() < rows && !removed_.empty()) {
    struck.push_back(removed_.back());
    removed_.pop_back();
    insert(struck.back());
  }
  return struck;
}

void Feed::insert(Handle row) {
  touch();
  rows_.insert(rows_.begin() + static_cast<std::ptrdiff_t>(place_of(row)), row);
}

}  // namespace affsync::sandbox
