#include "base/source_settings.hpp"

namespace affsync {

std::string_view to_string(Privacy privacy) {
  switch (privacy) {
    case Privacy::drop:
      return "drop";
    case Privacy::hash:
      return "hash";
    case Privacy::keep:
      return "keep";
  }
  return "drop";
}

}  // namespace affsync
