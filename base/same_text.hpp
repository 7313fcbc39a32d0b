// Compares short texts, such as names of members, without a call.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace affsync {

inline bool same_text(std::string_view left, std::string_view right) {
  auto const size = left.size();
  if (size != right.size()) return false;
  auto const differ = [&]<class Word>(Word, std::size_t at) {
    Word one, other;
    std::memcpy(&one, left.data() + at, sizeof one);
    std::memcpy(&other, right.data() + at, sizeof other);
    return one != other;
  };
  // The last word may overlap the one before it.
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      if (differ(std::uint64_t{}, at)) return false;
    }
    return !differ(std::uint64_t{}, size - 8);
  }
  if (size >= 4) return !differ(std::uint32_t{}, 0) && !differ(std::uint32_t{}, size - 4);
  if (size >= 2) return !differ(std::uint16_t{}, 0) && !differ(std::uint16_t{}, size - 2);
  return size == 0 || left[0] == right[0];
}

}  // namespace affsync
