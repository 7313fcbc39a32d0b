// What a privacy filter has decided about the members of a row, by their names. Rows of a list have
// the same members in the same order, so each name is first compared with the expected one.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/engine/rows/privacy_tree.hpp"

namespace affsync::engine {

// The decision on one member.
struct MemberVerdict {
  PrivacyTree::Node const* node = nullptr;  // what is known about it; nullptr: nothing
  bool open = true;                         // it is kept unless something marks it as personal
  bool hidden = false;                      // its value is personal
  bool as_it_is = false;                    // a single value is written as it is
  bool written = true;
};

class KnownMembers {
 public:
  struct Member {
    std::string name;
    std::string opening;  // the name as JSON, with a comma before and a colon after it
    MemberVerdict verdict;
  };
  using List = std::vector<Member>;

  // Finds names in the order of a row.
  class Reader {
   public:
    explicit Reader(KnownMembers const& known)
        : list_(known.current_.load(std::memory_order_acquire)) {}
    Member const* find(std::string_view name);
    bool missed() const { return missed_; }

   private:
    List const* list_;
    std::size_t next_ = 0;
    bool missed_ = false;  // a name was not found
  };

  // Adds the members of a row of which find() did not find all.
  void learn(List row) const;
  // Returns true once rows have had too many different names: learn() does nothing any more.
  bool is_full() const { return is_full_.load(std::memory_order_relaxed); }

 private:
  // A list never changes, because other threads may read it; a longer one takes its place.
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<List const>> lists_;
  mutable std::atomic<List const*> current_{nullptr};
  mutable std::atomic<bool> is_full_{false};
};

}  // namespace affsync::engine
