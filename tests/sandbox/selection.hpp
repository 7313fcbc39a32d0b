// The rows that a query selects, in its order, without the paging. Computed once and cached until
// the feed changes. The broker interprets the query.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/sandbox/feed.hpp"

namespace affsync::sandbox {

class Selection {
 public:
  Selection() = default;
  explicit Selection(Feed const& feed) : end_(feed.size()) {}

  std::size_t size() const { return listed_ ? handles_.size() : end_ - begin_; }
  Handle at(Feed const& feed, std::size_t index) const {
    if (listed_) return handles_[index];
    return feed.at(backward_ ? end_ - 1 - index : begin_ + index);
  }
  Totals const& totals() const { return totals_; }  // valid after count()

  // Selects only the rows at these positions of the feed. Requires that nothing else was selected
  // before.
  void narrow(std::size_t begin, std::size_t end) {
    begin_ = begin;
    end_ = std::max(begin, end);
  }
  void reverse();
  template <class Predicate>
  void keep_if(Feed const& feed, Predicate const& wanted) {
    list(feed);
    std::erase_if(handles_, [&](Handle row) { return !wanted(row); });
  }
  // Sorts by `key_of(row)`, a number. Rows with equal keys keep their order.
  template <class Key>
  void sort(Feed const& feed, Key const& key_of, bool descending) {
    list(feed);
    std::vector<SortItem> items(handles_.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      std::uint64_t const key = key_of(handles_[i]);
      items[i] = {descending ? ~key : key, static_cast<std::uint32_t>(i), handles_[i]};
    }
    take_sorted(items);
  }
  // Computes the totals of the rows.
  void count(Feed const& feed);

 private:
  struct SortItem {
    std::uint64_t key;
    std::uint32_t rank;  // position before the sort
    Handle row;
  };
  void list(Feed const& feed);
  void take_sorted(std::vector<SortItem>& items);

  std::size_t begin_ = 0, end_ = 0;  // positions in the feed, unless the handles are listed
  bool backward_ = false;
  bool listed_ = false;
  std::vector<Handle> handles_;
  Totals totals_;
};

// The latest selections, by feed and query text.
class SelectionCache {
 public:
  // Returns nullptr if it is not cached or the feed has changed since.
  std::shared_ptr<Selection const> find(Feed const& feed, std::string_view query) const;
  std::shared_ptr<Selection const> keep(Feed const& feed, std::string query, Selection selection);

 private:
  struct Cached {
    Feed const* feed;
    std::uint64_t version;
    std::string query;
    std::shared_ptr<Selection const> selection;
  };
  static constexpr std::size_t most_cached = 16;
  std::deque<Cached> cached_;
};

}  // namespace affsync::sandbox
