#include "connectors/engine/rows/occurrences.hpp"

#include <string_view>

#include "base/batch.hpp"

namespace affsync::engine {

void Occurrences::begin_slice() {
  counts_.clear();
  begin_list();
}

void Occurrences::begin_list() {
  ++list_;
  begin_sweep();
}

void Occurrences::begin_sweep() {
  ++sweep_;
  has_equal_ = false;
  pages_.clear();
}

// Returns the count of a content, brought to the current list and sweep.
Occurrences::Count& Occurrences::current(std::uint64_t content) {
  auto& count = counts_[content];
  if (count.list != list_) {
    count.before = count.now;
  } else if (count.sweep != sweep_) {
    count.now = count.before;
  }
  count.list = list_;
  count.sweep = sweep_;
  return count;
}

void Occurrences::number(std::vector<std::uint64_t> const& contents,
                         std::vector<std::uint32_t>& numbers) {
  numbers.assign(contents.size(), 0);
  auto const* bytes = reinterpret_cast<char const*>(contents.data());
  auto const page = hash_key(std::string_view(bytes, contents.size() * sizeof(std::uint64_t)));
  if (!pages_.insert(page).second) {
    std::unordered_map<std::uint64_t, std::uint32_t> in_page;
    for (std::size_t i = 0; i < contents.size(); ++i) {
      numbers[i] = current(contents[i]).before + ++in_page[contents[i]];
    }
    return;
  }
  for (std::size_t i = 0; i < contents.size(); ++i) {
    numbers[i] = ++current(contents[i]).now;
    has_equal_ = has_equal_ || numbers[i] > 1;
  }
}

}  // namespace affsync::engine
