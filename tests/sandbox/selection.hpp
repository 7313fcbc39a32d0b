// The rows that a query asks for, in the order it asks for, without the paging: worked out once and
// kept until the feed changes.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "tests/sandbox/feed.hpp"
#include "tests/sandbox/http.hpp"

namespace affsync::sandbox {

class Selection {
 public:
  std::size_t size() const { return listed_ ? handles_.size() : end_ - begin_; }
  Handle at(Feed const& feed, std::size_t index) const {
    return listed_ ? handles_[index] : feed.at(begin_ + index);
  }
  Totals const& totals() const { return totals_; }

 private:
  friend class Selector;
  std::size_t begin_ = 0, end_ = 0;  // positions in the feed, unless the handles are listed
  bool listed_ = false;
  std::vector<Handle> handles_;
  Totals totals_;
};

// Why a query is refused.
struct Refusal {
  int status;
  std::string code, message;
};

class Selector {
 public:
  // `first_day` is day 0 of the feeds.
  explicit Selector(Day first_day) : first_day_(first_day) {}

  // Unknown parameters and unknown ordering columns are ignored, as Django REST Framework does.
  // On a refusal the pointer is null and `refusal` is set.
  std::shared_ptr<Selection const> select(Feed const& feed, Query const& query, Refusal& refusal);

 private:
  struct Cached {
    Feed const* feed;
    std::uint64_t version;
    std::string query;
    std::shared_ptr<Selection const> selection;
  };
  bool apply_dates(Feed const&, Query const&, Selection&, Refusal&) const;
  static bool apply_sets(Feed const&, Query const&, Selection&, Refusal&);
  static void apply_order(Feed const&, Query const&, Selection&);
  static void list(Feed const&, Selection&);

  static constexpr std::size_t most_cached = 16;
  Day first_day_;
  std::deque<Cached> cached_;
};

}  // namespace affsync::sandbox
