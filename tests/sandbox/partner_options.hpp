// What all fake partner programmes but Exness' let be chosen. 0 means: as suits the broker.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "tests/sandbox/endpoints.hpp"

namespace affsync::sandbox {

struct PartnerOptions {
  std::uint64_t seed = 1;
  std::uint32_t clients = 0;
  std::uint32_t rows = 0;     // of the ledger
  std::uint32_t payouts = 0;  // and withdrawals
  std::uint32_t days = 0;     // of history, the last of them the day before `today`
  Day today;
  EndpointOptions endpoints;
};

inline std::uint32_t chosen(std::uint32_t value, std::uint32_t otherwise) {
  return value == 0 ? otherwise : value;
}

}  // namespace affsync::sandbox
