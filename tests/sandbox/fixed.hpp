// Exact money and volumes: integers in units of 0.00000001, printed without binary floating point,
// so that the sandbox's books are exact to the last digit.
#pragma once

#include <cstdint>
#include <string>

namespace affsync::sandbox {

using Fixed = std::int64_t;              // one value: up to ninety billion
__extension__ typedef __int128 WideSum;  // sums of any number of them

inline constexpr Fixed fixed_one = 100'000'000;

// Rounds half away from zero to `digits` decimals (0..8).
Fixed round_fixed(Fixed value, int digits);

// Writes exactly `digits` decimals (0..8); further digits are cut off.
void append_fixed(std::string& out, WideSum value, int digits);

// Writes as many decimals as the value needs: 12.5, 3, 0.00001.
void append_shortest(std::string& out, WideSum value);

// Writes a float as Python does: like append_shortest, but with an exponent (1e-05) below 0.0001.
void append_python_number(std::string& out, Fixed value);

}  // namespace affsync::sandbox
