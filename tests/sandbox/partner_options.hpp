// Options of all fake brokers except Exness. 0 means the broker's default.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "tests/sandbox/endpoints.hpp"

namespace affsync::sandbox {

struct PartnerOptions {
  std::uint64_t seed = 1;
  std::uint32_t clients = 0;
  std::uint32_t rows = 0;     // of the ledger, or exchanges
  std::uint32_t payouts = 0;  // or withdrawals
  std::uint32_t days = 0;     // length of the history, which ends the day before `today`
  Day today;
  EndpointOptions endpoints;
};

inline std::uint32_t chosen(std::uint32_t value, std::uint32_t otherwise) {
  return value == 0 ? otherwise : value;
}

}  // namespace affsync::sandbox
