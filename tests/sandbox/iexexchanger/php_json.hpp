// JSON as PHP's json_encode writes it by default: non-ASCII letters as \uXXXX, slashes as \/.
#pragma once

#include <string>
#include <string_view>

#include "tests/sandbox/fixed.hpp"

namespace affsync::sandbox::iexexchanger {

// The quoted form of a UTF-8 text.
std::string php_string(std::string_view text);

// A float as PHP prints it: 12.5, 0.0001, 1.0e-5.
std::string php_number(Fixed value);

// An amount after conversion to a 32-bit float, printed with 14 digits: 190.36 becomes
// 190.36000061035.
std::string float_noise(WideSum value);

}  // namespace affsync::sandbox::iexexchanger
