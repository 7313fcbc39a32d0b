// Lists whose rows have no id and that the broker does not count. A row that moves to the next page
// while such a list is read looks like a second one, and nothing in the answers tells. So a list of
// several pages is read until two readings in a row agree.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/paging/slice.hpp"

namespace affsync::engine {

class RepeatedSweeps {
 public:
  explicit RepeatedSweeps(StreamSpec const& spec)
      : needed_(spec.map.hash && !spec.page.is_single_answer() && !spec.page.has_total()) {}

  void begin_list() { *this = RepeatedSweeps(needed_); }
  void begin_sweep() { now_ = {}; }
  // `keys`: of a page's rows.
  void note(std::vector<std::uint64_t> const& keys) {
    ++now_.pages;
    now_.rows += keys.size();
    for (auto const key : keys) now_.sum += key;
  }
  // At the end of a reading: returns true if the list has to be read once more.
  bool wants_another();
  // Set if the list never agreed with itself.
  std::optional<SliceDoubt> const& doubt() const { return doubt_; }

 private:
  explicit RepeatedSweeps(bool needed) : needed_(needed) {}
  // What a reading had. Rows may come in another order.
  struct Sweep {
    std::uint64_t pages = 0, rows = 0, sum = 0;
  };
  bool needed_;
  Sweep now_;
  std::optional<Sweep> last_;
  int sweeps_ = 0;
  std::optional<SliceDoubt> doubt_;
};

}  // namespace affsync::engine
