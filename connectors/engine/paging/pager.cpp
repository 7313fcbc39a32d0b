#include "connectors/engine/paging/pager.hpp"

#include <bit>
#include <type_traits>
#include <variant>

#include "base/batch.hpp"
#include "connectors/engine/paging/offset_pager.hpp"
#include "connectors/engine/paging/step_pager.hpp"

namespace affsync::engine {

bool may_be_a_cap(std::size_t rows) {
  constexpr std::size_t least_power = 16;
  return rows > 0 &&
         (rows % 10 == 0 || rows % 25 == 0 || (rows >= least_power && std::has_single_bit(rows)));
}

std::string cut_answer(std::size_t rows, PageHints const& hints) {
  if (!hints.part.text.empty()) return hints.part.text;
  return "the answer has " + std::to_string(rows) +
         " rows, as many as were asked for, and the list has no pages: there may be more";
}

bool may_be_a_depth(ErrorCode refusal, std::int64_t rows) {
  return refusal == ErrorCode::bad_request && rows >= 1000 && rows % 1000 == 0;
}

std::uint64_t hash_of_page(std::vector<std::uint64_t> const& keys) {
  auto const* bytes = reinterpret_cast<char const*>(keys.data());
  return hash_key(std::string_view(bytes, keys.size() * sizeof(std::uint64_t)));
}

std::unique_ptr<Pager> make_pager(PageSpec const& spec) {
  auto const make = [&](auto const& paging) -> std::unique_ptr<Pager> {
    using Kind = std::decay_t<decltype(paging)>;
    if constexpr (std::is_same_v<Kind, SingleAnswer>) {
      return std::make_unique<OffsetPager>(spec.size);
    } else if constexpr (std::is_same_v<Kind, OffsetPaging>) {
      return std::make_unique<OffsetPager>(paging, spec.size.value_or(PageSize{}));
    } else {
      return std::make_unique<StepPager>(spec);
    }
  };
  return std::visit(make, spec.kind);
}

}  // namespace affsync::engine
