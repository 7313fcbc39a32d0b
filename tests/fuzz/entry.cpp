// The entry point for libFuzzer, compiled once per target.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  affsync::fuzz::AFFSYNC_FUZZ_TARGET({reinterpret_cast<char const*>(data), size});
  return 0;
}
