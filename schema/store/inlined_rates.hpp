// SQL for distributed tables. Citus runs no function that reads tables beside rows of another one,
// so what affsync.usd_rate() computes is written out where it is called.
#pragma once

#include <string>
#include <string_view>

namespace affsync::schema {

// Replaces each `CROSS JOIN LATERAL affsync.usd_rate(…) alias` by joins with the same columns.
std::string with_inlined_rates(std::string_view sql);

}  // namespace affsync::schema
