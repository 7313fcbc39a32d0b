// Random broker faults in the syntax of affsync-sandbox.
#pragma once

#include <random>
#include <string>

#include "tests/torture/broker_kinds.hpp"

namespace affsync::torture {

using Random = std::mt19937_64;

// Returns 0 … limit - 1, from the same draws on every machine.
std::size_t below(Random& random, std::size_t limit);

template <class List>
auto const& any_of(Random& random, List const& list) {
  return list[below(random, list.size())];
}

std::string random_fault(Random& random, BrokerKind const& kind);

}  // namespace affsync::torture
