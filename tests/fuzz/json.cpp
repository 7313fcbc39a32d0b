// A JSON document, read by both parsers.
//
// For any text: what the fast parser accepts, the thorough one accepts, and both return the same.
#include "base/json_simd.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {

void json(std::string_view input) {
  auto const plain = parse_plain_json(input, {});
  auto const thorough = parse_json_thoroughly(input);
  if (!plain) return;
  require(thorough.has_value(), "the fast parser accepts only what is valid", input);
  require(plain->dump() == thorough->dump(), "both parsers read the same", input);
  require(plain->has_nul() == thorough->has_nul() &&
              plain->has_duplicate() == thorough->has_duplicate() &&
              plain->has_stray_word() == thorough->has_stray_word(),
          "both parsers note the same flaws", input);
}

}  // namespace affsync::fuzz
