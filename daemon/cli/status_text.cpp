#include "daemon/cli/status.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/cli/json_text.hpp"
#include "daemon/cli/number_text.hpp"
#include "daemon/cli/status_style.hpp"
#include "daemon/cli/text_table.hpp"
#include "daemon/log/utf8.hpp"

namespace affsync::cli {

namespace {

using schema::StreamHealth;

std::optional<std::int64_t> whole_seconds(std::optional<double> seconds) {
  if (!seconds || !std::isfinite(*seconds)) return std::nullopt;
  return std::llround(*seconds);
}

std::string lag_text(StreamHealth const& stream) {
  auto const lag = whole_seconds(stream.lag_seconds);
  return lag ? shown_age(std::chrono::seconds(*lag)) + " ago" : "never";
}

std::string next_run_text(std::optional<TimePoint> next, TimePoint now) {
  if (!next) return {};
  if (*next <= now) return "due";
  return "in " + shown_age(std::chrono::ceil<std::chrono::seconds>(*next - now));
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
  text += ": the broker says " + difference.broker_value + ", the stored rows say " +
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
  return text + "; until it does they count as `unknown` (reporting.unknown_words)";
}

Json unknown_words_to_json(StreamHealth const& stream) {
  Json::Array items;
  for (auto const& unknown : stream.unknown_words) {
    items.push_back(Json::object(
        {{"word", json_text_or_null(unknown.word)}, {"rows", json_count(unknown.rows)}}));
  }
  return Json::array(std::move(items));
}

Json differences_to_json(StreamHealth const& stream) {
  Json::Array items;
  auto const day = [](std::optional<Day> value) {
    return value ? Json::string(format_day(*value)) : Json();
  };
  for (auto const& difference : stream.differences) {
    items.push_back(Json::object({{"metric", json_text(difference.metric)},
                                  {"window_from", day(difference.from)},
                                  {"window_to", day(difference.to)},
                                  {"broker_value", json_text(difference.broker_value)},
                                  {"our_value", json_text(difference.our_value)},
                                  {"difference", json_text(difference.difference)},
                                  {"differs_since", json_time_or_null(difference.since)}}));
  }
  return Json::array(std::move(items));
}

// What the latest run ended with, without the name of the stream that met it first.
std::string plain_error(StreamHealth const& stream) {
  auto text = stream.last_error.empty() ? stream.last_error_code : stream.last_error;
  auto const begin = stream.source + "/";
  auto const colon = text.find(": ");
  if (text.starts_with(begin) && colon != std::string::npos) text.erase(0, colon + 2);
  return text;
}

// One reason of several streams of a source, such as its wrong password, is told once.
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

// What needs somebody's attention besides, stream by stream.
std::string explain_stream(StreamHealth const& stream, Terminal const& terminal) {
  std::string points;
  std::string_view const mark = terminal.unicode ? "→ " : "-> ";
  auto say = [&](std::string const& text) { points += wrap_text(text, "  ", terminal.columns); };
  if (stream.quarantined > 0) {
    say(std::string(mark) + group_thousands(stream.quarantined) +
        (stream.quarantined == 1 ? " row is" : " rows are") +
        " in quarantine; `affsync quarantine --source " + stream.source + " --stream " +
        stream.stream +
        "` lists the reasons, and once the mapping is mended, `affsync quarantine "
        "retry` brings them in");
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

Json stream_to_json(StreamHealth const& stream) {
  auto const lag = whole_seconds(stream.lag_seconds);
  return Json::object({
      {"source", json_text(stream.source)},
      {"connector", json_text(stream.connector)},
      {"stream", json_text(stream.stream)},
      {"table", json_text_or_null(stream.table)},
      {"last_success_at", json_time_or_null(stream.last_success_at)},
      {"lag_seconds", lag ? json_count(*lag) : Json()},
      {"last_status", json_text_or_null(stream.last_status)},
      {"error_code", json_text_or_null(stream.last_error_code)},
      {"error", json_text_or_null(stream.last_error)},
      {"consecutive_failures", json_count(stream.consecutive_failures)},
      {"rows", json_count(stream.rows)},
      {"quarantined", json_count(stream.quarantined)},
      {"compared", json_count(stream.compared)},
      {"unreconciled", json_count(stream.unreconciled)},
      {"differences", differences_to_json(stream)},
      {"unknown_words", unknown_words_to_json(stream)},
      {"next_run_at", json_time_or_null(stream.next_run_at)},
  });
}

}  // namespace

std::string status_table(std::vector<StreamHealth> const& streams, TimePoint now,
                         std::string const& database, log::Terminal const& terminal) {
  std::string out;
  if (streams.empty()) {
    out = wrap_text(
        "Nothing has been read yet. `affsync sync` makes one pass, `affsync run` keeps "
        "going.",
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
                     totals_cell(stream), next_run_text(stream.next_run_at, now)});
    }
    out = table.render(terminal);
    out += explain_errors(streams, terminal);
    for (auto const& stream : streams) out += explain_stream(stream, terminal);
  }
  // One piece, never wrapped: it is there to be copied.
  return out + "\nDatabase, for psql and BI tools:\n  psql \"" + log::to_one_line(database) +
         "\"\n";
}

std::string status_json(std::vector<StreamHealth> const& streams, TimePoint now,
                        std::string const& database) {
  Json::Array items;
  for (auto const& stream : streams) items.push_back(stream_to_json(stream));
  return Json::object({{"at", Json::string(format_time(now))},
                       {"database", json_text(database)},
                       {"streams", Json::array(std::move(items))}})
      .dump();
}

}  // namespace affsync::cli
