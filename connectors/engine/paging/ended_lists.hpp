// What the lists of a slice that have ended have in common: their keys, counts and doubts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/count_proof.hpp"
#include "connectors/engine/paging/pager.hpp"
#include "connectors/engine/paging/slice.hpp"

namespace affsync::engine {

struct EndedLists {
  std::vector<std::uint64_t> keys;
  std::optional<SliceDoubt> doubt;  // the first one
  std::int64_t broker_count = 0;
  bool has_counts = true;               // each list had a count
  CountProof proof = CountProof::rows;  // of all lists together
  bool resumed = false;                 // pages or whole lists before a restart are missing

  // `is_whole`: what the list lacks is not there, whether the broker counts it or not.
  // `agrees_with_itself`: two readings in a row do, see RepeatedSweeps. `more_doubt`: set if they
  // never did.
  void take(Pager& pager, bool is_whole, bool agrees_with_itself,
            std::optional<SliceDoubt> const& more_doubt) {
    auto list = pager.take_keys();
    if (keys.empty()) {
      keys = std::move(list);
    } else {
      // One by one, because g++ 14 warns that insert() writes beyond the end here.
      for (auto const key : list) keys.push_back(key);
    }
    resumed = resumed || pager.resumed();
    if (!doubt) doubt = pager.doubt();
    if (!doubt) doubt = more_doubt;
    auto const total = pager.total();
    bool const skips_none = agrees_with_itself || !pager.may_have_skipped();
    if (!is_whole) proof = std::min(proof, proof_of(total.has_value(), skips_none));
    has_counts = has_counts && total;
    broker_count += total.value_or(0);
  }

  static CountProof proof_of(bool is_counted, bool skips_none) {
    if (!is_counted) return CountProof::nothing;
    return skips_none ? CountProof::rows : CountProof::number;
  }

  // Returns the keys sorted and distinct. Those of a single list are that already.
  std::vector<std::uint64_t> take_keys(std::size_t lists) {
    if (lists > 1) {
      std::ranges::sort(keys);
      keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    }
    return std::move(keys);
  }
};

}  // namespace affsync::engine
