#include "connectors/engine/pager.hpp"

#include "connectors/engine/offset_pager.hpp"
#include "connectors/engine/step_pager.hpp"

namespace affsync::engine {

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
