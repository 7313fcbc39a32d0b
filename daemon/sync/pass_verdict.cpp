#include "daemon/sync/pass_verdict.hpp"

#include <algorithm>

namespace affsync::sync {
namespace {

constexpr std::size_t most_reasons = 100;
constexpr std::size_t shown_reasons = 3;

// The run reports the code with the lowest rank. Quarantined rows come before totals, because
// totals differ when rows are missing from them.
int rank_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::mass_drop:
      return 0;
    case ErrorCode::sweep_unverified:
    case ErrorCode::not_found:  // days that should have rows by now
      return 1;
    case ErrorCode::coverage_gap:
      return 2;
    case ErrorCode::rows_quarantined:
      return 3;
    default:
      return 4;
  }
}

std::string rows_in_words(std::int64_t rows) {
  return std::to_string(rows) + (rows == 1 ? " row" : " rows");
}

}  // namespace

void PassVerdict::add_doubt(ErrorCode code, std::string text, std::string hint) {
  std::pair const key(rank_of(code), code);
  auto const known = doubts_.find(key);
  if (known != doubts_.end()) {
    ++known->second.times;
    return;
  }
  Doubt doubt;
  doubt.error = Error(code, std::move(text), std::move(hint));
  doubts_.emplace(key, std::move(doubt));
}

void PassVerdict::differ(std::vector<schema::SliceClosed::Difference> const& differences) {
  for (auto const& difference : differences) {
    add_doubt(
        ErrorCode::totals_differ,
        "the broker's total of " + difference.metric + " is " + difference.broker_value +
            ", our rows give " + difference.our_value,
        "`affsync status` lists the differences. If somebody has changed rows in the database, "
        "docs/operations.md says how they are stored again; if the broker counts rows that it "
        "does not list, set `reconcile: warn` of the stream.");
  }
}

void PassVerdict::slice_closed(schema::SliceClosed const& closed,
                               std::optional<std::int64_t> broker_count) {
  if (closed.would_replace > 0) {
    add_doubt(
        ErrorCode::mass_drop,
        (advice_of_file_.empty() ? "a window would lose " : "the days of the file would lose ") +
            std::to_string(closed.would_replace) + " of " + rows_in_words(closed.of_rows) +
            "; none of its rows was replaced",
        drop_hint());
  }
  if (closed.live_as_expected) return;
  add_doubt(ErrorCode::sweep_unverified,
            "resumed after an interruption: " + std::to_string(closed.live) +
                " rows are stored, the broker counts " + std::to_string(broker_count.value_or(0)),
            "The next pass asks again.");
}

bool PassVerdict::is_swept() const {
  auto const last = rank_of(ErrorCode::sweep_unverified);
  return std::ranges::none_of(doubts_, [&](auto const& one) { return one.first.first <= last; });
}

void PassVerdict::close(schema::PassClosed const& closed, std::int64_t rows_read) {
  if (closed.would_delete > 0 && closed.rekeyed) {
    add_doubt(ErrorCode::mass_drop,
              std::to_string(closed.would_delete) + " of " + rows_in_words(closed.live) +
                  " are no longer listed under the keys that they had before these were made in"
                  " another way, and were not recognized under others; none was marked, so they may"
                  " count twice",
              "They count until they are marked. " + drop_hint());
  } else if (closed.would_delete > 0) {
    auto text = std::to_string(closed.would_delete) + " of " + rows_in_words(closed.live) +
                " vanished at once; none was marked";
    if (closed.marked_lately > 0) {
      text += ", since " + rows_in_words(closed.marked_lately) +
              (closed.marked_lately == 1 ? " was" : " were") +
              " marked in the last seven days already";
    }
    add_doubt(ErrorCode::mass_drop, std::move(text),
              drop_hint() +
                  " If it only stopped listing old rows, set `keeps` to the time for which"
                  " it lists a row, and run the same command.");
  } else if (closed.held > 0) {
    add_doubt(ErrorCode::mass_drop,
              rows_in_words(closed.held) + " that vanished at once before this pass still count" +
                  (closed.held == 1 ? "s" : "") + "; none was marked",
              drop_hint());
  }
  if (!closed.lost.empty()) {
    std::string text = "days were never read completely: ";
    for (auto const& days : closed.lost) {
      if (&days != &closed.lost.front()) text += ", ";
      text += format_day(days.from);
      if (days.to > days.from) text += " to " + format_day(days.to);
    }
    add_doubt(ErrorCode::coverage_gap, text + "; the broker no longer gives them",
              "All other days were read. reporting.coverage lists these days as lost.");
  }
  add_quarantined(
      closed, rows_read,
      "They wait in quarantine: `affsync quarantine` shows them, maps them again, or accepts "
      "them as known.");
  // Add it only if nothing else is reported: this run's own doubts, and the days of quarantined
  // rows, are stored as days in doubt as well.
  if (closed.earlier_doubt && doubts_.empty()) {
    add_doubt(ErrorCode::sweep_unverified, "days of this pass could not be verified",
              "reporting.coverage lists them; the next pass asks for them again.");
  }
}

void PassVerdict::add_quarantined(schema::PassClosed const& closed, std::int64_t rows_read,
                                  std::string hint) {
  if (closed.quarantined == 0) return;
  std::string text = std::to_string(closed.quarantined) + " of " +
                     rows_in_words(std::max(rows_read, closed.quarantined)) + " cannot be stored: ";
  for (auto const& reason : closed.reasons) {
    if (&reason != &closed.reasons.front()) text += ", ";
    text += reason.text + " (" + std::to_string(reason.rows) + ")";
  }
  if (closed.other_reasons > 0) text += ", …";
  add_doubt(ErrorCode::rows_quarantined, std::move(text), std::move(hint));
}

void PassVerdict::close_dry(std::int64_t quarantined, std::int64_t rows_read) {
  schema::PassClosed closed;
  closed.quarantined = quarantined;
  for (auto const& [rows, reason] : frequent_reasons()) {
    if (closed.reasons.size() < shown_reasons) {
      closed.reasons.emplace_back(reason, -rows);
    } else {
      ++closed.other_reasons;
    }
  }
  add_quarantined(
      closed, rows_read,
      "They would be quarantined. `affsync inspect` shows what each column finds in a row.");
}

// A pass over a part of the rows does not find the others missing, whatever mass_drop is.
std::string PassVerdict::drop_hint() const {
  if (!advice_of_file_.empty()) return advice_of_file_;
  return "If the broker really removed them, set `mass_drop: 100%` of this source, run `" +
         read_all_ + "`, and take it out again.";
}

// Returns counts and reasons, the most frequent first. The counts are negative, for the sorting.
std::vector<std::pair<std::int64_t, std::string>> PassVerdict::frequent_reasons() const {
  std::vector<std::pair<std::int64_t, std::string>> reasons;
  for (auto const& [reason, rows] : reasons_) reasons.emplace_back(-rows, reason);
  std::ranges::sort(reasons);
  return reasons;
}

Error PassVerdict::mapping_error(std::string text) const {
  auto const reasons = frequent_reasons();
  text += ": ";
  for (std::size_t i = 0; i < std::min(shown_reasons, reasons.size()); ++i) {
    if (i > 0) text += ", ";
    text += reasons[i].second + " (" + std::to_string(-reasons[i].first) + ")";
  }
  if (reasons.size() > shown_reasons) text += ", …";
  return Error(ErrorCode::mapping_failed, std::move(text),
               "The broker's answers have a different shape than the connector describes; `affsync "
               "inspect` shows both side by side. No row was marked as vanished, and the next run "
               "asks for the same rows again.");
}

std::optional<Error> PassVerdict::judge_mapping(engine::PageRead const& page, bool goes_on) {
  constexpr std::int64_t few = 5;
  mapped_ += page.mapped;
  unmapped_ += page.unmapped;
  if (!page.quarantined.empty()) {
    for (auto const& row : page.quarantined) {
      auto const known = reasons_.find(row.reason);
      if (known != reasons_.end()) {
        ++known->second;
      } else if (reasons_.size() < most_reasons) {
        reasons_.emplace(row.reason, 1);
      }
    }
  }
  auto const unknown = std::max<std::int64_t>(unmapped_ - accepted_, 0);
  if (goes_on && unknown < few) return std::nullopt;
  if (mapped_ == 0 && unknown > 0) {
    return mapping_error(unmapped_ == 1
                             ? "the only row does not map"
                             : "none of the first " + std::to_string(unmapped_) + " rows maps");
  }
  if (page.slice_end && unknown > mapped_) {
    return mapping_error(std::to_string(unmapped_) + " of " + rows_in_words(mapped_ + unmapped_) +
                         " do not map");
  }
  return std::nullopt;
}

std::optional<Error> PassVerdict::worst() const {
  std::optional<Error> error;
  for (auto const& [key, doubt] : doubts_) {
    auto text = doubt.error.message;
    if (doubt.times > 1) text += " (and " + std::to_string(doubt.times - 1) + " more like this)";
    if (!error) {
      error = doubt.error;
      error->message = std::move(text);
    } else {
      error->message += "; also: " + text;
    }
  }
  return error;
}

}  // namespace affsync::sync
