#include "connectors/engine/paging/pager.hpp"

#include <bit>

#include "base/batch.hpp"
#include "connectors/engine/paging/offset_pager.hpp"
#include "connectors/engine/paging/step_pager.hpp"

namespace affsync::engine {

bool may_be_a_cap(std::size_t rows) {
  constexpr std::size_t least_power = 16;
  return rows > 0 &&
         (rows % 10 == 0 || rows % 25 == 0 || (rows >= least_power && std::has_single_bit(rows)));
}

bool may_be_a_depth(ErrorCode refusal, std::int64_t rows) {
  return refusal == ErrorCode::bad_request && rows >= 1000 && rows % 1000 == 0;
}

std::uint64_t hash_of_page(std::vector<std::uint64_t> const& keys) {
  auto const* bytes = reinterpret_cast<char const*>(keys.data());
  return hash_key(std::string_view(bytes, keys.size() * sizeof(std::uint64_t)));
}

std::unique_ptr<Pager> make_pager(PageSpec const& spec) {
  switch (spec.type) {
    case PageType::none:
    case PageType::offset:
      return std::make_unique<OffsetPager>(spec);
    case PageType::page:
    case PageType::cursor:
    case PageType::link:
    case PageType::id:
      break;
  }
  return std::make_unique<StepPager>(spec);
}

}  // namespace affsync::engine
