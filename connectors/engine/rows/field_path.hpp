// A path that is looked up in many rows. Rows of a feed nearly always have their members in the
// same order, so the index of the last hit is tried first.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/json.hpp"
#include "base/same_text.hpp"

namespace affsync::engine {

class FieldPath {
 public:
  explicit FieldPath(JsonPath path)
      : path_(std::move(path)), single_(!path_.head().empty() && path_.head() == path_.text()) {}
  FieldPath(FieldPath const& other) : path_(other.path_), single_(other.single_) {}
  FieldPath& operator=(FieldPath const&) = delete;

  // Returns nullptr if a step does not exist; a null that is present is found. Usable from any
  // thread.
  Json const* in(Json const& row) const {
    if (!single_ || !row.is_object() || row.has_duplicate()) return path_.in(row);
    auto const& members = row.members();
    auto const name = path_.head();
    auto const guess = place_.load(std::memory_order_relaxed);
    if (guess < members.size() && same_text(members[guess].name, name))
      return &members[guess].value;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (!same_text(members[i].name, name)) continue;
      place_.store(static_cast<std::uint32_t>(i), std::memory_order_relaxed);
      return &members[i].value;
    }
    return nullptr;
  }
  std::string const& text() const { return path_.text(); }
  std::string_view head() const { return path_.head(); }

 private:
  JsonPath path_;
  bool single_;
  mutable std::atomic<std::uint32_t> place_{0};
};

}  // namespace affsync::engine
