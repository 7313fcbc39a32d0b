#include "connectors/engine/values/is_present.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "connectors/engine/values/no_dates.hpp"
#include "connectors/engine/values/words.hpp"

namespace affsync::engine {

bool means_nothing(std::string_view text, std::span<std::string const> null_if) {
  return text.empty() || std::ranges::find(null_if, text) != null_if.end();
}

bool is_present(Json const* value, std::span<std::string const> null_if) {
  if (value == nullptr || value->is_null()) return false;
  if (value->is_array()) return !value->items().empty();
  if (value->is_object()) return !value->members().empty();
  auto const whole = value->scalar_text();
  if (!whole) return false;
  auto const text = trim_blanks(*whole);
  return !means_nothing(text, null_if) && !is_zero_date(text);
}

}  // namespace affsync::engine
