// Letters without their case, in any script: for the words of brokers, who write "Итого", "ИТОГО"
// and "RÜCKZAHLUNG". The names and words of protocols are ASCII: base/text.hpp compares those.
//
// Simple case folding of Unicode, letter by letter. The Turkish pairs İ i and I ı are one letter i,
// so that İADE and iade are one word whatever wrote it in capitals. ß is not SS, and ё is not е.
// Bytes that are not UTF-8 equal only themselves.
#pragma once

#include <string>
#include <string_view>

#include "base/text.hpp"

namespace affsync {

// Returns the text without case: two texts that differ in case only become the same.
std::string fold_case(std::string_view text);

bool all_equal_folded(std::string_view left, std::string_view right);
inline bool equal_folded(std::string_view left, std::string_view right) {
  // Nearly all words that differ begin differently.
  auto const is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  bool const differ = !left.empty() && !right.empty() && is_ascii(left[0]) && is_ascii(right[0]) &&
                      to_lower(left[0]) != to_lower(right[0]);
  return !differ && all_equal_folded(left, right);
}

// Returns true if `word` is anywhere in `text`.
bool contains_folded(std::string_view text, std::string_view word);

}  // namespace affsync
