// Where this tree and its build are. They are compiled into one file alone, so that the objects of
// all others are the same wherever the tree lies, and a compiler cache serves several trees.
#pragma once

#include <filesystem>
#include <string>

namespace affsync::test {

// Absolute path of `below` in the source tree, or of the tree itself.
std::filesystem::path in_source(std::string const& below = "");

// The same in the build directory, where the programs are.
std::filesystem::path in_build(std::string const& below = "");

}  // namespace affsync::test
