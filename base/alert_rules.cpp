#include "base/alert_rules.hpp"

#include <algorithm>
#include <array>

namespace affsync {
namespace {

using Kind = AlertSetting::Kind;
using Settings = std::span<AlertSetting const>;

constexpr std::array failing{
    AlertSetting{"runs", Kind::count, "3", "failed runs in a row"},
};
constexpr std::array late{
    AlertSetting{"after", Kind::duration, "6h", "since the last success, beside three intervals"},
};
constexpr std::array never{
    AlertSetting{"after", Kind::duration, "1d", "since the stream was first read"},
};
constexpr std::array quarantined{
    AlertSetting{"rows", Kind::count, "1", "rows that are neither stored nor accepted"},
};
constexpr std::array lowered{
    AlertSetting{"min_usd", Kind::usd, "5", "less than this together is not told"},
};
constexpr std::array overdue{
    AlertSetting{"after", Kind::duration, "14d", "since the payout was asked for"},
};
constexpr std::array dropped{
    AlertSetting{"min_usd", Kind::usd, "50", "less than this is not told"},
};
constexpr std::array silent{
    AlertSetting{"at_least", Kind::duration, "3d", "shorter silence is never told"},
};
constexpr std::array full{
    AlertSetting{"above", Kind::percent, "90%", "of the size that the database may have"},
};

constexpr std::array rules{
    AlertRuleInfo{"source_blocked", "a login or key was refused: nothing is read", "urgent",
                  Settings()},
    AlertRuleInfo{"stream_failing", "runs of a stream fail again and again", "warning", failing},
    AlertRuleInfo{"stream_late", "a stream has not succeeded for too long", "warning", late},
    AlertRuleInfo{"never_succeeded", "a stream that never succeeded", "warning", never},
    AlertRuleInfo{"rows_quarantined", "rows that could not be stored", "warning", quarantined},
    AlertRuleInfo{"totals_differ", "the broker's totals differ from its rows", "warning",
                  Settings()},
    AlertRuleInfo{"mass_drop", "so many rows vanished at once that none was marked", "warning",
                  Settings()},
    AlertRuleInfo{"coverage_gap", "days that the broker no longer shows were never read", "warning",
                  Settings()},
    AlertRuleInfo{"commission_lowered", "a broker lowered commission afterwards", "urgent",
                  lowered},
    AlertRuleInfo{"commission_vanished", "commission is no longer in the broker's list", "urgent",
                  lowered},
    AlertRuleInfo{"payout_overdue", "a payout was asked for and has not come", "warning", overdue},
    AlertRuleInfo{"payout_refused", "a payout was refused", "urgent", Settings()},
    AlertRuleInfo{"balance_dropped", "a balance fell without a payout", "warning", dropped},
    AlertRuleInfo{"silence", "no new commission for longer than usual", "warning", silent},
    AlertRuleInfo{"unknown_word", "a broker uses a status that the connector does not know", "note",
                  Settings()},
    AlertRuleInfo{"shape_changed", "fields of a broker's rows are new, gone or of another type",
                  "note", Settings()},
    AlertRuleInfo{"rates_missing", "amounts whose exchange rate is missing", "note", Settings()},
    AlertRuleInfo{"database_near_full", "the disk of the database is nearly full", "urgent", full},
};

}  // namespace

AlertSetting const* AlertRuleInfo::find(std::string_view setting) const {
  auto const found = std::ranges::find(settings, setting, &AlertSetting::name);
  return found == settings.end() ? nullptr : &*found;
}

std::span<AlertRuleInfo const> alert_rules() {
  return rules;
}

AlertRuleInfo const* find_alert_rule(std::string_view name) {
  auto const found = std::ranges::find(rules, name, &AlertRuleInfo::name);
  return found == rules.end() ? nullptr : &*found;
}

}  // namespace affsync
