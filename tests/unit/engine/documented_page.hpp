// Examples in docs/connectors.md, for tests that run them.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/places/places.hpp"

namespace affsync::engine {

// The first code block of that language that contains `text`; empty if there is none.
inline std::string block_of(std::string const& language, std::string const& text) {
  std::ifstream file(test::in_source("docs/connectors.md"));
  std::string const page{std::istreambuf_iterator<char>(file), {}};
  std::string const fence = "```" + language + "\n";
  for (auto at = page.find(fence); at != std::string::npos; at = page.find(fence, at + 1)) {
    auto const begin = at + fence.size();
    auto const block = page.substr(begin, page.find("```", begin) - begin);
    if (block.find(text) != std::string::npos) return block;
  }
  return "";
}

}  // namespace affsync::engine
