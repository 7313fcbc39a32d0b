#include "connectors/engine/rows/known_members.hpp"

#include <algorithm>
#include <utility>

#include "base/same_text.hpp"

namespace affsync::engine {
namespace {

// Some brokers use ids as names, so that each row brings new ones.
constexpr std::size_t most_members = 128;
constexpr std::size_t most_lists = 16;

}  // namespace

KnownMembers::Member const* KnownMembers::Reader::find(std::string_view name) {
  if (list_ != nullptr) {
    auto const& list = *list_;
    if (next_ < list.size() && same_text(list[next_].name, name)) return &list[next_++];
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!same_text(list[i].name, name)) continue;
      next_ = i + 1;
      return &list[i];
    }
  }
  missed_ = true;
  return nullptr;
}

void KnownMembers::learn(List row) const {
  std::scoped_lock const lock(mutex_);
  if (lists_.size() + 1 >= most_lists || row.size() > most_members) is_full_ = true;
  if (lists_.size() >= most_lists || row.size() > most_members) return;
  // The order of the newest row first.
  if (!lists_.empty()) {
    for (auto const& member : *lists_.back()) {
      if (row.size() >= most_members) break;
      auto const same_name = [&](Member const& one) { return one.name == member.name; };
      if (std::ranges::none_of(row, same_name)) row.push_back(member);
    }
  }
  lists_.push_back(std::make_unique<List const>(std::move(row)));
  current_.store(lists_.back().get(), std::memory_order_release);
}

}  // namespace affsync::engine
