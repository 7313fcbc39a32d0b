#include "daemon/serve/attention.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "daemon/reports/json_text.hpp"
#include "daemon/reports/numbers.hpp"
#include "daemon/reports/spans.hpp"

namespace affsync::serve {

namespace {

using schema::StreamHealth;

// Rules of alerts, and the kind of concern that says the same of a stream that runs here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kinds_of_rules{
    {{"source_blocked", "blocked"},
     {"stream_failing", "failed"},
     {"stream_late", "late"},
     {"never_succeeded", "late"},
     {"rows_quarantined", "quarantine"},
     {"totals_differ", "totals"},
     {"mass_drop", "partial"},
     {"coverage_gap", "days_lost"},
     {"unknown_word", "status_words"}}};

std::string number_of(std::int64_t number, char const* one, char const* several) {
  return reports::group_thousands(number) + " " + (number == 1 ? one : several);
}

std::string of_stream(StreamHealth const& health) {
  return " --source " + health.source + " --stream " + health.stream;
}

// Returns the error of the latest run, without the name of the stream in front.
std::string plain_error(StreamHealth const& health) {
  auto text = health.last_error.empty() ? health.last_error_code : health.last_error;
  auto const colon = text.find(": ");
  if (text.starts_with(health.source + "/") && colon != std::string::npos) text.erase(0, colon + 2);
  return text;
}

// The command that a remedy names, such as "affsync report payouts --source x" in "Ask the broker;
// affsync report payouts --source x shows all"; empty if it names none.
std::string command_in(std::string_view remedy) {
  constexpr std::string_view name = "affsync ";
  auto at = remedy.find(name);
  while (at != std::string_view::npos && at != 0 && !remedy.substr(0, at).ends_with("; ") &&
         !remedy.substr(0, at).ends_with(": ")) {
    at = remedy.find(name, at + 1);
  }
  if (at == std::string_view::npos) return {};
  auto command = remedy.substr(at);
  for (std::string_view const end : {" shows ", " says ", "; "}) {
    command = command.substr(0, command.find(end));
  }
  return std::string(command);
}

class Collector {
 public:
  explicit Collector(TimePoint now) : now_(now) {}

  void add_daemon(PageState const& state) {
    if (state.problem) {
      Concern concern;
      concern.bad = true;
      concern.kind = "database";
      concern.title = state.replica_is_away
                          ? "The replica for reports (database.read_url) does not answer"
                          : "The database does not answer";
      concern.reasons = {state.problem->message};
      concern.remedy = state.problem->hint;
      concern.since = state.known_at;
      all_.push_back(std::move(concern));
    }
    if (state.replica_behind) {
      Concern concern;
      concern.kind = "database";
      concern.title = "The figures are " + reports::long_span_text(*state.replica_behind) + " old";
      concern.reasons = {"they are read from a replica (database.read_url) that lags behind"};
      concern.remedy = "Look at the replica's log, and at pg_stat_replication of the primary.";
      concern.since = state.now - *state.replica_behind;
      all_.push_back(std::move(concern));
    }
    for (auto const& note : state.notes) {
      Concern concern;
      concern.bad = true;
      concern.kind = "daemon";
      concern.title = "The configuration in use is not the one in the file";
      concern.reasons = {note};
      concern.remedy = "Check the file, then reload or restart affsync.";
      concern.command = "affsync check";
      all_.push_back(std::move(concern));
    }
  }

  void add_stream(StreamView const& view) {
    auto const& health = view.health;
    if (health.is_blocked(now_)) {
      add_block(health);
    } else if (health.ended_status == "failed") {
      add_end(view, true, "failed", "The latest run failed");
    } else if (view.late) {
      add_end(view, true, "late",
              health.last_success_at ? "Late: more than three intervals without a success"
                                     : "No run has succeeded yet");
    } else if (health.ended_status == "partial") {
      add_end(view, false, "partial", "The latest run was not complete");
    } else if (health.ended_status == "skipped") {
      add_end(view, false, "skipped", "The stream could not be read");
    }
    add_totals(health);
    add_days(health, schema::DayState::lost);
    add_days(health, schema::DayState::doubtful);
    add_words(health);
    add_clock(health);
  }

  void add_quarantine(StreamHealth const& health, std::vector<QuarantineReason> const& reasons) {
    if (health.quarantined == 0) return;
    auto& concern = add(health, false, "quarantine");
    concern.title = number_of(health.quarantined, "row is", "rows are") + " in quarantine";
    for (auto const& reason : reasons) {
      if (reason.source != health.source || reason.stream != health.stream) continue;
      concern.reasons.push_back(number_of(reason.rows, "row", "rows") + ": " + reason.reason);
    }
    concern.remedy =
        "List them; when the mapping is mended, `affsync quarantine retry` stores them, and "
        "`affsync quarantine accept` takes them as known.";
    concern.command = "affsync quarantine" + of_stream(health);
  }

  void add_alert(OpenAlert const& alert) {
    if (is_shown(alert)) return;
    Concern concern;
    concern.bad = alert.severity == "urgent";
    concern.kind = "alert";
    concern.source = alert.source;
    if (!alert.stream.empty()) concern.streams = {alert.stream};
    concern.title = alert.title;
    if (!alert.text.empty()) concern.reasons = {alert.text};
    concern.command = command_in(alert.remedy);
    if (concern.command != alert.remedy) concern.remedy = alert.remedy;
    concern.since = alert.opened_at;
    all_.push_back(std::move(concern));
  }

  std::vector<Concern> take() {
    std::stable_sort(all_.begin(), all_.end(),
                     [](auto const& one, auto const& other) { return one.bad && !other.bad; });
    return std::move(all_);
  }

 private:
  // Whether a concern that the state of the streams raised is about the same.
  bool is_shown(OpenAlert const& alert) const {
    auto const kind = std::find_if(kinds_of_rules.begin(), kinds_of_rules.end(),
                                   [&](auto const& entry) { return entry.first == alert.rule; });
    if (kind == kinds_of_rules.end()) return false;
    return std::any_of(all_.begin(), all_.end(), [&](Concern const& concern) {
      if (concern.kind != kind->second || concern.source != alert.source) return false;
      auto const& streams = concern.streams;
      return streams.empty() || alert.stream.empty() ||
             std::find(streams.begin(), streams.end(), alert.stream) != streams.end();
    });
  }

  Concern& add(StreamHealth const& health, bool bad, std::string kind) {
    auto& concern = all_.emplace_back();
    concern.bad = bad;
    concern.kind = std::move(kind);
    concern.source = health.source;
    concern.streams = {health.stream};
    return concern;
  }

  Concern* find(std::string const& kind, std::string const& source,
                std::vector<std::string> const& reasons) {
    auto const found = std::find_if(all_.begin(), all_.end(), [&](auto const& concern) {
      return concern.kind == kind && concern.source == source && concern.reasons == reasons;
    });
    return found == all_.end() ? nullptr : &*found;
  }

  // A block concerns all streams of its source.
  void add_block(StreamHealth const& health) {
    std::vector<std::string> const reasons{health.blocked_reason};
    if (find("blocked", health.source, reasons) != nullptr) return;
    auto& concern = add(health, true, "blocked");
    concern.streams.clear();
    concern.title = "Nothing is sent to the source until " +
                    format_time(std::chrono::floor<std::chrono::seconds>(*health.blocked_until)) +
                    ", " + reports::relative_text(*health.blocked_until, now_) + " (" +
                    health.blocked_code + ")";
    concern.reasons = reasons;
    bool const throttled = health.blocked_code == "throttled";
    concern.remedy = throttled
                         ? "The broker asked for this pause; reading goes on by itself."
                         : "Correct the credentials in the configuration and reload affsync: other "
                           "credentials or a reload end the block at once.";
    // Not `--retry-login`: the daemon would try its own old password once more.
    if (!throttled) concern.command = "systemctl reload affsync";
  }

  // Streams of a source that ended in the same way are one concern.
  void add_end(StreamView const& view, bool bad, std::string const& kind, std::string title) {
    auto const& health = view.health;
    std::vector<std::string> reasons;
    if (auto text = plain_error(health); !text.empty()) reasons.push_back(std::move(text));
    if (auto* same = find(kind, health.source, reasons)) {
      same->streams.push_back(health.stream);
      if (kind == "failed" || kind == "skipped") return;
      same->command = "affsync sync --source " + health.source;
      return;
    }
    auto& concern = add(health, bad, kind);
    if (health.consecutive_failures > 1) {
      title += ", " + std::to_string(health.consecutive_failures) + " times in a row";
    }
    concern.title = std::move(title);
    concern.reasons = std::move(reasons);
    concern.since = health.last_success_at;
    if (health.of_files && kind == "failed") {
      // No broker is asked: what is wrong is in the folder, and the reason names it.
      concern.remedy = "Mend what the reason names in the folder, then read it again.";
      concern.command = "affsync sync" + of_stream(health);
    } else if (kind == "failed" || kind == "skipped") {
      concern.remedy = "Check what the broker answers now.";
      concern.command = "affsync check --source " + health.source;
    } else if (health.of_files && kind == "partial") {
      concern.remedy =
          health.last_error_code == "mass_drop"
              ? "If the rows are really gone, set `mass_drop: 100%` of the source, read the file "
                "again, and take it out again."
              : "Mend what the reason names, then read the file again.";
      concern.command = "affsync sync" + of_stream(health);
    } else if (kind == "late") {
      concern.remedy = "Read it now, and see what it says.";
      concern.command = "affsync sync" + of_stream(health);
    } else {
      concern.remedy =
          health.last_error_code == "mass_drop"
              ? "If the broker really removed them, set `mass_drop: 100%` of the source, "
                "read everything anew, and take it out again."
              : "The next runs try again; a full pass reads everything anew.";
      concern.command = "affsync sync" + of_stream(health) + " --full";
    }
  }

  void add_totals(StreamHealth const& health) {
    if (health.unreconciled == 0) return;
    auto& concern = add(health, false, "totals");
    concern.title = number_of(health.unreconciled, "total of the broker differs",
                              "totals of the broker differ") +
                    " from the stored rows";
    for (auto const& difference : health.differences) {
      std::string text = difference.metric;
      if (difference.from && difference.to) {
        text += ", " + format_day(*difference.from) + " to " + format_day(*difference.to);
      }
      text += ": the broker says " + difference.broker_value + ", the rows give " +
              difference.our_value + " (" + (difference.difference.starts_with('-') ? "" : "+") +
              difference.difference + ")";
      concern.reasons.push_back(std::move(text));
      if (difference.since && (!concern.since || *difference.since < *concern.since)) {
        concern.since = difference.since;
      }
    }
    if (health.of_files) {
      concern.remedy = "Export these days again; a whole file takes the place of the one before.";
      concern.command = "affsync import FILE" + of_stream(health);
      return;
    }
    concern.remedy = "Read all rows again; what still differs then is for the broker to explain.";
    concern.command = "affsync sync" + of_stream(health) + " --full";
  }

  void add_days(StreamHealth const& health, schema::DayState state) {
    bool const lost = state == schema::DayState::lost;
    auto const count = lost ? health.lost_days : health.doubtful_days;
    if (count == 0) return;
    constexpr std::size_t most = 4;
    std::vector<std::string> spans;
    for (auto gap = health.gaps.rbegin(); gap != health.gaps.rend(); ++gap) {
      if (gap->state != state) continue;
      auto const from = format_day(gap->from), to = format_day(gap->to);
      spans.push_back(from + (from == to ? "" : " to " + to));
    }
    std::string text;
    for (std::size_t i = 0; i < std::min(most, spans.size()); ++i) {
      text += (i == 0 ? (lost ? "lost: " : "in doubt: ") : ", ") + spans[i];
    }
    if (spans.size() > most) text += " and " + std::to_string(spans.size() - most) + " more spans";
    auto& concern = add(health, false, lost ? "days_lost" : "days_in_doubt");
    concern.title = number_of(count, "day is ", "days are ") + (lost ? "lost" : "in doubt");
    if (!text.empty()) concern.reasons = {std::move(text)};
    if (lost) {
      concern.remedy =
          "The broker no longer gives these days. If its site exports them to a file, import it.";
      concern.command = "affsync import FILE" + of_stream(health);
    } else if (health.of_files) {
      concern.remedy = "Export these days again; a whole file takes the place of the one before.";
      concern.command = "affsync import FILE" + of_stream(health);
    } else {
      concern.remedy = "They are asked for again with the next runs, or now.";
      concern.command = "affsync sync" + of_stream(health);
    }
  }

  void add_words(StreamHealth const& health) {
    if (health.unknown_words.empty()) return;
    auto& concern = add(health, false, "status_words");
    concern.title = "Rows have a status that the connector does not know";
    for (auto const& word : health.unknown_words) {
      concern.reasons.push_back(number_of(word.rows, "row", "rows") +
                                (word.word.empty() ? "" : ": \"" + word.word + "\""));
    }
    concern.remedy =
        "They are stored as `unknown`. Look at the rows; the connector needs the word.";
    concern.command = "affsync inspect " + health.source + " " + health.stream;
  }

  // The streams of a source share the clock.
  void add_clock(StreamHealth const& health) {
    if (!health.clock_is_wrong()) return;
    auto const skew = std::chrono::seconds(*health.clock_skew_seconds);
    std::vector<std::string> const reasons{
        "The clock of the machine that reads it was " + reports::span_text(std::chrono::abs(skew)) +
        (skew.count() > 0 ? " ahead of" : " behind") + " the broker's at the latest run."};
    if (find("clock", health.source, reasons) != nullptr) return;
    auto& concern = add(health, false, "clock");
    concern.streams.clear();
    concern.title = "One of the two clocks is wrong";
    concern.reasons = reasons;
    concern.remedy = "Compare this machine's clock with a time server.";
    concern.command = "timedatectl";
  }

  TimePoint now_;
  std::vector<Concern> all_;
};

}  // namespace

std::vector<Concern> concerns(PageState const& state, std::vector<QuarantineReason> const& reasons,
                              std::vector<OpenAlert> const& alerts) {
  Collector collector(state.now);
  collector.add_daemon(state);
  for (auto const& view : state.streams) {
    if (!view.is_run_here()) continue;
    collector.add_stream(view);
    collector.add_quarantine(view.health, reasons);
  }
  for (auto const& alert : alerts) collector.add_alert(alert);
  return collector.take();
}

Json concern_json(Concern const& concern) {
  Json::Array streams, reasons;
  for (auto const& stream : concern.streams) streams.push_back(Json::string(stream));
  for (auto const& reason : concern.reasons) reasons.push_back(Json::string(reason));
  return Json::object({{"severity", Json::string(concern.bad ? "bad" : "warn")},
                       {"kind", Json::string(concern.kind)},
                       {"source", reports::json_text_or_null(concern.source)},
                       {"streams", Json::array(std::move(streams))},
                       {"title", Json::string(concern.title)},
                       {"reasons", Json::array(std::move(reasons))},
                       {"remedy", reports::json_text_or_null(concern.remedy)},
                       {"command", reports::json_text_or_null(concern.command)},
                       {"since", reports::json_time_or_null(concern.since)}});
}

}  // namespace affsync::serve
