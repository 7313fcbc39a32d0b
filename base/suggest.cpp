#include "base/suggest.hpp"

#include <algorithm>
#include <cstddef>

#include "base/text.hpp"

namespace affsync {
namespace {

// Optimal string alignment distance: an insertion, a deletion, a substitution and a swap of
// neighbours each count as one edit. Ignores case.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const change = to_lower(a[i - 1]) == to_lower(b[j - 1]) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      bool const swapped = i > 1 && j > 1 && to_lower(a[i - 1]) == to_lower(b[j - 2]) &&
                           to_lower(a[i - 2]) == to_lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::vector<std::string> const& known) {
  std::string const* best = nullptr;
  std::size_t best_distance = 0;
  for (auto const& candidate : known) {
    auto const longer = std::max(word.size(), candidate.size());
    auto const shorter = std::min(word.size(), candidate.size());
    if ((longer - shorter) * 3 > longer) continue;  // keeps a hostile, very long word cheap
    auto const distance = edit_distance(word, candidate);
    if (distance * 3 > longer) continue;
    if (best == nullptr || distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

}  // namespace affsync
