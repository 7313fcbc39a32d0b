#include "connectors/engine/paging/page_keys.hpp"

#include <algorithm>

namespace affsync::engine {

PageKeys add_page(std::vector<std::uint64_t> const& keys, std::size_t shared, SeenKeys& seen,
                  std::vector<RowPlace>& places) {
  PageKeys taken;
  places.assign(keys.size(), RowPlace::fresh);
  for (auto const key : keys) seen.prefetch(key);
  std::vector<std::uint64_t> again;  // keys that were known when their turn came
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (seen.insert(keys[i])) continue;
    places[i] = i < shared ? RowPlace::shared : RowPlace::repeated;
    again.push_back(keys[i]);
  }
  taken.fresh = keys.size() - again.size();
  taken.distinct = taken.fresh;
  if (again.empty()) return taken;

  // Some of them may only be known since a row of this page.
  std::ranges::sort(again);
  again.erase(std::unique(again.begin(), again.end()), again.end());
  std::vector<bool> is_new(again.size(), false);
  auto const index_of = [&](std::uint64_t key) {
    auto const at = std::ranges::lower_bound(again, key);
    return at != again.end() && *at == key ? static_cast<std::size_t>(at - again.begin())
                                           : again.size();
  };
  bool any_is_new = false;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (places[i] != RowPlace::fresh) continue;
    auto const index = index_of(keys[i]);
    if (index == again.size()) continue;
    is_new[index] = any_is_new = true;
  }
  taken.distinct += static_cast<std::size_t>(std::ranges::count(is_new, false));
  for (std::size_t i = 0; any_is_new && i < keys.size(); ++i) {
    if (places[i] != RowPlace::fresh && is_new[index_of(keys[i])]) places[i] = RowPlace::fresh;
  }
  return taken;
}

}  // namespace affsync::engine
