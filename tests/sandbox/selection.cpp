// Selects, sorts and caches rows.
#include "tests/sandbox/selection.hpp"

#include <unordered_set>

namespace affsync::sandbox {

void Selection::list(Feed const& feed) {
  if (listed_) return;
  handles_.reserve(size());
  for (std::size_t i = 0; i < end_ - begin_; ++i) handles_.push_back(at(feed, i));
  listed_ = true;
}

void Selection::reverse() {
  if (listed_)
    std::reverse(handles_.begin(), handles_.end());
  else
    backward_ = !backward_;
}

void Selection::take_sorted(std::vector<SortItem>& items) {
  std::sort(items.begin(), items.end(), [](SortItem const& a, SortItem const& b) {
    return a.key != b.key ? a.key < b.key : a.rank < b.rank;
  });
  for (std::size_t i = 0; i < items.size(); ++i) handles_[i] = items[i].row;
}

void Selection::count(Feed const& feed) {
  totals_ = Totals();
  std::unordered_set<std::uint64_t> groups;
  for (std::size_t i = 0; i < size(); ++i) {
    Handle const row = at(feed, i);
    totals_.add(feed.measure(row));
    if (feed.counts_groups()) groups.insert(feed.group(row));
  }
  totals_.groups = groups.size();
}

std::shared_ptr<Selection const> SelectionCache::find(Feed const& feed,
                                                      std::string_view query) const {
  for (auto const& cached : cached_)
    if (cached.feed == &feed && cached.version == feed.version() && cached.query == query)
      return cached.selection;
  return nullptr;
}

std::shared_ptr<Selection const> SelectionCache::keep(Feed const& feed, std::string query,
                                                      Selection selection) {
  auto kept = std::make_shared<Selection const>(std::move(selection));
  if (cached_.size() == most_cached) cached_.pop_front();
  cached_.push_back({&feed, feed.version(), std::move(query), kept});
  return kept;
}

}  // namespace affsync::sandbox
