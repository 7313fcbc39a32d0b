#include "connectors/engine/manifest/words.hpp"

#include <algorithm>

namespace affsync::engine {
namespace {

constexpr std::string_view client_status[] = {"active",  "inactive", "left",
                                              "pending", "blocked",  "unknown"};
constexpr std::string_view commission_kind[] = {
    "cpa",           "cpl",      "revshare", "spread_share", "lot",  "fee_share",
    "sub_affiliate", "exchange", "bonus",    "adjustment",   "other"};
constexpr std::string_view commission_status[] = {"accrued", "pending",  "approved", "held",
                                                  "paid",    "rejected", "reversed", "unknown"};
constexpr std::string_view payout_status[] = {"requested", "approved", "processing", "paid",
                                              "rejected",  "failed",   "cancelled",  "unknown"};
constexpr std::string_view grain[] = {"trade", "order", "event",   "day",
                                      "week",  "month", "lifetime"};

constexpr ClosedWords all_closed_words[] = {
    {"client", "status", client_status},
    {"commission", "kind", commission_kind},
    {"commission", "status", commission_status},
    {"commission", "grain", grain},
    {"payout", "status", payout_status},
    {"rebate", "grain", grain},
    {"metric", "grain", grain},
};

}  // namespace

bool ClosedWords::has(std::string_view word) const {
  return std::ranges::find(words, word) != words.end();
}

std::vector<std::string> ClosedWords::list() const {
  return {words.begin(), words.end()};
}

ClosedWords const* closed_words(std::string_view table, std::string_view column) {
  for (auto const& entry : all_closed_words) {
    if (entry.table == table && entry.column == column) return &entry;
  }
  return nullptr;
}

bool is_personal_column(std::string_view table, std::string_view column) {
  return table == "client" && (column == "name" || column == "email" || column == "phone");
}

}  // namespace affsync::engine
