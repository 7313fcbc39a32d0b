// The words of messages about alerts. Pure code: rows of affsync.alert in, a title, a text and a
// document for programs out.
#pragma once

#include <pqxx/result>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace affsync::schema {

// A row of affsync.alert; empty texts are null.
struct AlertRow {
  std::int64_t id = 0;
  std::string rule, cause, source, stream, subject, event, severity;
  TimePoint opened_at{}, changed_at{};
  std::optional<TimePoint> closed_at, happened_at, flapping_since, told_at, over_told_at;
  int openings = 1;
  std::string currency, amount, amount_usd, told_amount_usd;
  std::string figures, title, text, remedy, shown_by;
  AlertRow() = default;
};

// The columns of `SELECT … FROM affsync.alert a` that alert_row() reads.
std::string alert_columns();
AlertRow alert_row(pqxx::row const& row);

struct AlertWords {
  std::string title, body;
  std::string document;  // JSON without "key"
  AlertWords() = default;
};

// `kind`: as in affsync.alert_message. `held_back`: messages that this one stands for.
AlertWords alert_words(std::string_view kind, std::vector<AlertRow> const& given, int held_back,
                       TimePoint now);

// "3 d 4 h", "2 h 5 min", "40 s": two units at most.
std::string rough_span(Duration span);

}  // namespace affsync::schema
