// Exact money and volumes: integers in units of 0.00000001, printed without any binary floating
// point, so that the sandbox's own books are right to the last digit.
#pragma once

#include <cstdint>
#include <string>

namespace affsync::sandbox {

using Fixed = std::int64_t;              // one value: up to ninety billion
__extension__ typedef __int128 WideSum;  // sums of any number of them

inline constexpr Fixed fixed_one = 100'000'000;

// Rounds half away from zero to `digits` places (0..8).
Fixed round_fixed(Fixed value, int digits);

// Exactly `digits` places (0..8); digits beyond them are cut.
void append_fixed(std::string& out, WideSum value, int digits);

// As many places as the value needs: 12.5, 3, 0.00001.
void append_shortest(std::string& out, WideSum value);

// As a Python server prints a float: like the shortest form, but 1e-05 below a ten-thousandth.
void append_python_number(std::string& out, Fixed value);

}  // namespace affsync::sandbox
