#include "daemon/cli/status.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "daemon/cli/secret_files.hpp"
#include "daemon/cli/terminal/numbers.hpp"
#include "daemon/cli/terminal/status_style.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/log/utf8.hpp"
#include "daemon/reports/json_text.hpp"
#include "daemon/reports/spans.hpp"

namespace affsync::cli {

namespace {

using schema::StreamHealth;

std::string lag_text(StreamHealth const& stream) {
  auto const lag = reports::whole_seconds(stream.lag_seconds);
  return lag ? reports::short_span_text(std::chrono::seconds(*lag)) + " ago" : "never";
}

// A blocked source is not read before its block ends. What no daemon reads has no next run,
// whatever the last one intended.
std::string next_run_text(StreamHealth const& stream, TimePoint now,
                          std::vector<DaemonState> const& daemons) {
  if (!is_read(stream.source, daemons)) return {};
  auto const next = stream.is_blocked(now) ? stream.blocked_until : stream.next_run_at;
  if (!next) return {};
  if (*next <= now) return "due";
  return "in " + reports::short_span_text(std::chrono::ceil<std::chrono::seconds>(*next - now));
}

Cell trouble_cell(std::int64_t count) {
  return Cell(group_thousands(count), count == 0 ? Style::dim : Style::warning);
}

Cell totals_cell(StreamHealth const& stream) {
  if (stream.compared == 0) return Cell("none given", Style::dim);
  if (stream.unreconciled == 0) return Cell(group_thousands(stream.compared) + " agree");
  return Cell(
      group_thousands(stream.unreconciled) + " of " + group_thousands(stream.compared) + " differ",
      Style::warning);
}

std::string explain_difference(schema::StandingDifference const& difference) {
  std::string text = difference.metric;
  if (difference.from && difference.to) {
    text += " from " + format_day(*difference.from) + " to " + format_day(*difference.to);
  }
  text += ": the broker says " + difference.broker_value + ", the stored rows give " +
          difference.our_value + " (" + (difference.difference.starts_with('-') ? "" : "+") +
          difference.difference + ")";
  if (difference.since) text += ", since " + shown_time(difference.since) + " UTC";
  return text;
}

std::string explain_unknown_word(schema::UnknownWord const& unknown) {
  std::string text =
      group_thousands(unknown.rows) + (unknown.rows == 1 ? " row has" : " rows have");
  text += " a status that the connector does not know";
  if (!unknown.word.empty()) text += ": \"" + log::to_one_line(unknown.word) + "\"";
  return text + "; they are stored as `unknown` (reporting.unknown_words)";
}

Json unknown_words_to_json(StreamHealth const& stream) {
  Json::Array items;
  for (auto const& unknown : stream.unknown_words) {
    items.push_back(Json::object({{"word", reports::json_text_or_null(unknown.word)},
                                  {"rows", reports::json_count(unknown.rows)}}));
  }
  return Json::array(std::move(items));
}

Json differences_to_json(StreamHealth const& stream) {
  Json::Array items;
  for (auto const& difference : stream.differences) {
    items.push_back(
        Json::object({{"metric", reports::json_text(difference.metric)},
                      {"window_from", reports::json_day_or_null(difference.from)},
                      {"window_to", reports::json_day_or_null(difference.to)},
                      {"broker_value", reports::json_text(difference.broker_value)},
                      {"our_value", reports::json_text(difference.our_value)},
                      {"difference", reports::json_text(difference.difference)},
                      {"differs_since", reports::json_time_or_null(difference.since)}}));
  }
  return Json::array(std::move(items));
}

// Returns the error of the latest run, without the name of the stream in front.
std::string plain_error(StreamHealth const& stream) {
  auto text = stream.last_error.empty() ? stream.last_error_code : stream.last_error;
  auto const begin = stream.source + "/";
  auto const colon = text.find(": ");
  if (text.starts_with(begin) && colon != std::string::npos) text.erase(0, colon + 2);
  return text;
}

// Explains an error that several streams of a source share, such as a wrong password, only once.
std::string explain_errors(std::vector<StreamHealth> const& streams, Terminal const& terminal) {
  std::string out;
  for (auto stream = streams.begin(); stream != streams.end(); ++stream) {
    auto const text = plain_error(*stream);
    auto const same = [&](StreamHealth const& other) {
      return other.source == stream->source && other.last_error_code == stream->last_error_code &&
             plain_error(other) == text;
    };
    if (text.empty() || std::any_of(streams.begin(), stream, same)) continue;
    std::string names;
    int times = 0;
    for (auto other = stream; other != streams.end(); ++other) {
      if (!same(*other)) continue;
      names += (names.empty() ? "" : ", ") + other->stream;
      times = std::max(times, other->consecutive_failures);
    }
    out += "\n" + styled(stream->source + "/" + names, Style::bold, terminal) + "\n" +
           wrap_text(text + (times > 1 ? " (" + std::to_string(times) + " times in a row)" : ""),
                     "  ", terminal.columns);
  }
  return out;
}

// Explains blocked sources, each one once for all its streams.
std::string explain_blocks(std::vector<StreamHealth> const& streams, TimePoint now,
                           Terminal const& terminal) {
  std::string out, told;
  for (auto const& stream : streams) {
    if (!stream.is_blocked(now) || stream.source == told) continue;
    told = stream.source;
    out += "\n" + styled(stream.source, Style::bold, terminal) + "\n" +
           wrap_text("blocked until " + shown_time(stream.blocked_until) + " UTC (" +
                         stream.blocked_code + "): " + log::to_one_line(stream.blocked_reason) +
                         " Other credentials or a reload of the daemon end it at once.",
                     "  ", terminal.columns);
  }
  return out;
}

// Explains wrong clocks, once for all streams of a source, since they share the clock.
std::string explain_clocks(std::vector<StreamHealth> const& streams, Terminal const& terminal) {
  std::string out, told;
  for (auto const& stream : streams) {
    if (!stream.clock_is_wrong() || stream.source == told) continue;
    told = stream.source;
    auto const skew = std::chrono::seconds(*stream.clock_skew_seconds);
    out += "\n" + styled(stream.source, Style::bold, terminal) + "\n" +
           wrap_text("the clock of the machine that reads it was " +
                         reports::short_span_text(std::chrono::abs(skew)) +
                         (skew.count() > 0 ? " ahead of" : " behind") +
                         " the broker's at the latest run. Compare it with a time server "
                         "(timedatectl); rows are dated by the broker's clock meanwhile.",
                     "  ", terminal.columns);
  }
  return out;
}

std::string span_of_days(Day from, Day to) {
  return format_day(from) + (from == to ? "" : " to " + format_day(to));
}

// Lists the latest spans of days in `state`; empty if there are none.
std::string days_that_are(schema::DayState state, StreamHealth const& stream) {
  constexpr std::size_t most = 3;
  std::vector<std::string> spans;
  for (auto gap = stream.gaps.rbegin(); gap != stream.gaps.rend(); ++gap) {
    if (gap->state == state) spans.push_back(span_of_days(gap->from, gap->to));
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(most, spans.size()); ++i) {
    text += (i == 0 ? "" : ", ") + spans[i];
  }
  if (spans.size() > most) text += " and " + std::to_string(spans.size() - most) + " more spans";
  return text;
}

// Explains which days of streams with windows were read, and which are in doubt or lost.
std::string explain_days(std::vector<StreamHealth> const& streams, Terminal const& terminal) {
  std::string out;
  for (auto const& stream : streams) {
    std::vector<std::string> parts;
    if (stream.proven_from && stream.proven_to) {
      parts.push_back("read whole: " + group_thousands(stream.proven_days) + " days, " +
                      span_of_days(*stream.proven_from, *stream.proven_to));
    }
    auto const doubtful = days_that_are(schema::DayState::doubtful, stream);
    auto const lost = days_that_are(schema::DayState::lost, stream);
    if (!doubtful.empty()) parts.push_back("in doubt, asked for again: " + doubtful);
    if (!lost.empty()) parts.push_back("lost, the broker no longer gives them: " + lost);
    if (parts.empty()) continue;
    std::string text = stream.source + "/" + stream.stream + " ";
    for (auto const& part : parts) text += (&part == &parts.front() ? "" : "; ") + part;
    out += wrap_text(text, "  ", terminal.columns);
  }
  return out.empty() ? out : "\n" + styled("Days", Style::bold, terminal) + "\n" + out;
}

// Explains what else needs attention in a stream.
std::string explain_stream(StreamHealth const& stream, Terminal const& terminal) {
  std::string points;
  std::string_view const mark = terminal.unicode ? "→ " : "-> ";
  auto say = [&](std::string const& text) { points += wrap_text(text, "  ", terminal.columns); };
  if (stream.quarantined > 0) {
    say(std::string(mark) + group_thousands(stream.quarantined) +
        (stream.quarantined == 1 ? " row is" : " rows are") +
        " in quarantine; `affsync quarantine --source " + stream.source + " --stream " +
        stream.stream +
        "` lists the reasons. When the mapping is fixed, `affsync quarantine retry` stores them");
  }
  if (stream.accepted > 0) {
    say(std::string(mark) + group_thousands(stream.accepted) +
        (stream.accepted == 1 ? " row" : " rows") + " in quarantine accepted as known, left out");
  }
  for (auto const& difference : stream.differences) {
    say(std::string(mark) + explain_difference(difference));
  }
  for (auto const& word : stream.unknown_words) {
    say(std::string(mark) + explain_unknown_word(word));
  }
  auto const shown = static_cast<std::int64_t>(stream.differences.size());
  if (stream.unreconciled > shown) {
    auto const more = stream.unreconciled - shown;
    say(std::string(mark) + group_thousands(more) +
        (more == 1 ? " more total of the broker differs" : " more totals of the broker differ") +
        "; see reporting.reconciliations");
  }
  if (points.empty()) return {};
  auto const name = stream.source + "/" + stream.stream;
  return "\n" + styled(name, Style::bold, terminal) + "\n" + points;
}

// Tells which process reads which streams now.
std::string explain_leases(std::vector<StreamHealth> const& streams, Terminal const& terminal) {
  std::map<std::pair<std::string, int>, std::pair<std::string, TimePoint>> processes;
  for (auto const& stream : streams) {
    if (!stream.lease) continue;
    auto& [names, since] = processes[{stream.lease->host, stream.lease->process_id}];
    since = names.empty() ? stream.lease->since : std::min(since, stream.lease->since);
    names += (names.empty() ? "" : ", ") + stream.source + "/" + stream.stream;
  }
  std::string out;
  for (auto const& [process, streams_since] : processes) {
    out += wrap_text("process " + std::to_string(process.second) + " on " +
                         log::to_one_line(process.first) + " since " +
                         shown_time(streams_since.second) + " UTC: " + streams_since.first,
                     "  ", terminal.columns);
  }
  return out.empty() ? out : "\n" + styled("Being read", Style::bold, terminal) + "\n" + out;
}

Json lease_to_json(StreamHealth const& stream) {
  if (!stream.lease) return Json();
  return Json::object({{"host", reports::json_text(stream.lease->host)},
                       {"process_id", reports::json_count(stream.lease->process_id)},
                       {"since", reports::json_time_or_null(stream.lease->since)},
                       {"until", reports::json_time_or_null(stream.lease->until)}});
}

Json gaps_to_json(StreamHealth const& stream) {
  Json::Array items;
  for (auto const& gap : stream.gaps) {
    bool const lost = gap.state == schema::DayState::lost;
    items.push_back(Json::object({{"state", Json::string(lost ? "lost" : "doubtful")},
                                  {"from", reports::json_day_or_null(gap.from)},
                                  {"to", reports::json_day_or_null(gap.to)}}));
  }
  return Json::array(std::move(items));
}

Json stream_to_json(StreamHealth const& stream, std::vector<DaemonState> const& daemons) {
  auto const next = is_read(stream.source, daemons) ? stream.next_run_at : std::nullopt;
  return Json::object({
      {"source", reports::json_text(stream.source)},
      {"connector", reports::json_text(stream.connector)},
      {"stream", reports::json_text(stream.stream)},
      {"table", reports::json_text_or_null(stream.table)},
      {"last_success_at", reports::json_time_or_null(stream.last_success_at)},
      {"lag_seconds", reports::json_count_or_null(reports::whole_seconds(stream.lag_seconds))},
      {"last_status", reports::json_text_or_null(stream.last_status)},
      {"error_code", reports::json_text_or_null(stream.last_error_code)},
      {"error", reports::json_text_or_null(stream.last_error)},
      {"consecutive_failures", reports::json_count(stream.consecutive_failures)},
      {"rows", reports::json_count(stream.rows)},
      {"quarantined", reports::json_count(stream.quarantined)},
      {"compared", reports::json_count(stream.compared)},
      {"unreconciled", reports::json_count(stream.unreconciled)},
      {"differences", differences_to_json(stream)},
      {"unknown_words", unknown_words_to_json(stream)},
      {"next_run_at", reports::json_time_or_null(next)},
      {"ended_status", reports::json_text_or_null(stream.ended_status)},
      {"accepted", reports::json_count(stream.accepted)},
      {"blocked_until", reports::json_time_or_null(stream.blocked_until)},
      {"blocked_code", reports::json_text_or_null(stream.blocked_code)},
      {"blocked_reason", reports::json_text_or_null(stream.blocked_reason)},
      {"proven_days", reports::json_count(stream.proven_days)},
      {"proven_from", reports::json_day_or_null(stream.proven_from)},
      {"proven_to", reports::json_day_or_null(stream.proven_to)},
      {"doubtful_days", reports::json_count(stream.doubtful_days)},
      {"lost_days", reports::json_count(stream.lost_days)},
      {"gaps", gaps_to_json(stream)},
      {"clock_skew_seconds", reports::json_count_or_null(stream.clock_skew_seconds)},
      {"lease", lease_to_json(stream)},
  });
}

}  // namespace

std::string status_table(std::vector<StreamHealth> const& streams, TimePoint now,
                         std::string const& database, log::Terminal const& terminal,
                         std::vector<DaemonState> const& daemons, std::int64_t removed) {
  std::string out;
  if (streams.empty() && removed > 0) {
    out = wrap_text(
        "No source is read: " + (removed == 1 ? "the one" : "all " + group_thousands(removed)) +
            " that the database knows " + (removed == 1 ? "was" : "were") +
            " removed from the configuration. The rows are kept; `affsync sources` "
            "lists what was removed and when.",
        "", terminal.columns);
  } else if (streams.empty()) {
    out = wrap_text(
        "Nothing has been read yet. `affsync sync` makes one pass, `affsync run` reads "
        "continuously.",
        "", terminal.columns);
  } else {
    TextTable table({{"source", Align::left, 7, 8},
                     {"stream", Align::left, 9, 8},
                     {"status", Align::left, 9},
                     {"last success (UTC)", Align::left, 3, 0, true},
                     {"lag", Align::right, 8},
                     {"rows", Align::right, 8},
                     {"quarantined", Align::right, 4, 0, true},
                     {"broker's totals", Align::left, 2, 0, true},
                     {"next run", Align::left, 5, 0, true, true}});
    for (auto const& stream : streams) {
      auto const lag_style = stream.lag_seconds ? Style::plain : Style::warning;
      table.add_row({stream.source, stream.stream,
                     Cell(stream.last_status, status_style(stream.last_status)),
                     shown_time(stream.last_success_at), Cell(lag_text(stream), lag_style),
                     group_thousands(stream.rows), trouble_cell(stream.quarantined),
                     totals_cell(stream), next_run_text(stream, now, daemons)});
    }
    out = table.render(terminal);
    out += explain_blocks(streams, now, terminal);
    out += explain_clocks(streams, terminal);
    out += explain_errors(streams, terminal);
    for (auto const& stream : streams) out += explain_stream(stream, terminal);
    out += explain_days(streams, terminal);
    out += explain_leases(streams, terminal);
  }
  out += explain_daemons(daemons, terminal);
  // Never wrap this line, so that it can be copied.
  auto const shown = log::to_one_line(database);
  bool const is_plain = shown.find_first_of("\"\\$`") == std::string::npos;
  return out + "\nDatabase, for psql and BI tools:\n  psql " +
         (is_plain ? "\"" + shown + "\"" : shell_word(shown)) + "\n";
}

std::string status_json(std::vector<StreamHealth> const& streams, TimePoint now,
                        std::string const& database, std::vector<DaemonState> const& daemons) {
  Json::Array items;
  for (auto const& stream : streams) items.push_back(stream_to_json(stream, daemons));
  return Json::object({{"at", Json::string(format_time(now))},
                       {"database", reports::json_text(database)},
                       {"streams", Json::array(std::move(items))},
                       {"daemons", daemons_to_json(daemons)}})
      .dump();
}

}  // namespace affsync::cli
