// Repeatable noise. Every value of the sandbox is a function of the seed, a topic and an index, so
// rows need no storage and a run can be repeated exactly.
#pragma once

#include <cstdint>

namespace affsync::sandbox {

constexpr std::uint64_t scramble(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

// A stream of small numbers drawn from one hash.
class Noise {
 public:
  constexpr Noise(std::uint64_t seed, std::uint64_t topic, std::uint64_t index,
                  std::uint64_t revision = 0)
      : state_(scramble(scramble(seed ^ (topic << 56)) ^ scramble(index + (revision << 40)))) {}

  // 0 .. limit-1; limit > 0.
  constexpr std::uint32_t below(std::uint32_t limit) {
    state_ = scramble(state_);
    return static_cast<std::uint32_t>(((state_ >> 32) * limit) >> 32);
  }
  constexpr bool one_in(std::uint32_t n) { return below(n) == 0; }
  constexpr std::uint64_t bits() { return state_ = scramble(state_); }

 private:
  std::uint64_t state_;
};

}  // namespace affsync::sandbox
