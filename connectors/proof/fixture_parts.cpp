// What a fixture stands for: its answer, its time, its place in a list, and the source that it is
// of.
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <sstream>

#include "connectors/proof/fixture_reading.hpp"

namespace affsync::proof {
namespace {

using engine::SourcePlan;
using engine::StreamPlan;

constexpr auto default_time = "2026-11-22T10:00:00Z";

std::optional<TimePoint> time_of(std::string const& text) {
  constexpr std::size_t day_size = 10;
  auto const day = parse_day(std::string_view(text).substr(0, day_size));
  int hours = 0, minutes = 0, seconds = 0;
  bool const read =
      day && text.size() > day_size &&
      std::sscanf(text.c_str() + day_size, "T%d:%d:%dZ", &hours, &minutes, &seconds) == 3;
  if (!read) return std::nullopt;
  return TimePoint(*day) + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
         std::chrono::seconds(seconds);
}

std::string content_type(std::string const& extension) {
  if (extension == ".csv") return "text/csv; charset=utf-8";
  if (extension == ".xml") return "application/xml";
  if (extension == ".html") return "text/html; charset=utf-8";
  if (extension == ".txt") return "text/plain; charset=utf-8";
  if (extension == ".jsonl") return "application/x-ndjson";
  if (extension == ".xlsx") {
    return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  }
  return "application/json";
}

}  // namespace

Result<TimePoint> read_time(Fixture const& fixture) {
  auto const text = fixture.get("read", default_time);
  auto const time = time_of(text);
  if (time) return *time;
  return Error(ErrorCode::config_invalid,
               fixture.label() + ".expected: `read: " + text + "` is not a time",
               std::string("Write it like ") + default_time + ".");
}

Result<SourceSettings> test_settings(engine::Manifest const& manifest, FixtureFolder const& folder,
                                     std::function<std::string(std::string const&)> const& secret) {
  auto const& source = folder.source;
  SourceSettings settings;
  settings.name = "main";
  settings.connector = manifest.name;
  settings.base_url = source.get("base_url", manifest.base_url);
  for (auto const& name : source.words("credentials")) {
    settings.credentials[name] = Secret(secret(name));
  }
  auto const named = [&](std::string const& key, auto const& take) -> Result<void> {
    for (auto const& line : source.all(key)) {
      auto const blank = line.find(' ');
      if (blank == std::string::npos) {
        return Error(ErrorCode::config_invalid, folder.path.string() + "/source: `" + key + ": " +
                                                    line + "` is not a name and a value");
      }
      take(line.substr(0, blank), line.substr(blank + 1));
    }
    return {};
  };
  auto const credential = named(
      "credential", [&](auto name, auto value) { settings.credentials[name] = Secret(value); });
  if (!credential) return credential.error();
  auto const setting =
      named("setting", [&](auto name, auto value) { settings.settings[name] = value; });
  if (!setting) return setting.error();
  auto const path =
      named("stream path", [&](auto name, auto value) { settings.streams[name].path = value; });
  if (!path) return path.error();
  for (auto const& stream : manifest.streams) {
    if (stream.request.path.empty() && !settings.streams[stream.name].path) {
      settings.streams[stream.name].path = "/given";
    }
  }
  return settings;
}

HttpResponse response_of(Fixture const& fixture) {
  HttpResponse response;
  response.status = std::atoi(fixture.get("status", "200").c_str());
  bool typed = false;
  for (auto const& line : fixture.all("header")) {
    auto const colon = line.find(':');
    auto const name = line.substr(0, colon);
    typed = typed || name == "Content-Type";
    response.headers.add(name, colon == std::string::npos ? "" : line.substr(colon + 1));
  }
  if (!typed) response.headers.add("Content-Type", content_type(fixture.extension));
  response.body = fixture.body;
  return response;
}

std::shared_ptr<StreamPlan const> stream_of(SourcePlan const& plan, std::string const& name) {
  for (auto const& stream : plan.streams) {
    if (stream->stream == name) return stream;
  }
  return nullptr;
}

std::shared_ptr<StreamPlan const> stream_for(std::shared_ptr<StreamPlan const> stream,
                                             std::vector<std::string> const& items) {
  std::vector<std::string> values;
  // An answer to a batch is for several values, joined as they were sent.
  bool const are_joined = stream->spec->for_each && stream->spec->for_each->batch > 1;
  for (auto const& item : items) {
    std::istringstream parts(item);
    std::string one;
    while (std::getline(parts, one, are_joined ? ',' : '\n')) values.push_back(one);
  }
  if (!stream->spec->for_each || values.empty()) return stream;
  auto other = *stream;
  auto& each = *other.spec->for_each;
  each.values = std::move(values);
  each.are_whole = true;
  each.stream.clear();
  return std::make_shared<StreamPlan const>(std::move(other));
}

engine::ReaderStart start_of(StreamPlan const& stream, Fixture const& fixture) {
  engine::ReaderStart start;
  start.mode = engine::ReadMode::full;
  start.now = read_time(fixture).value();
  auto const days = fixture.words("days");
  if (stream.spec->window && !stream.spec->window->changes && days.size() == 2) {
    start.since = parse_day(days[0]);
    start.until = parse_day(days[1]);
  }
  return start;
}

std::vector<ExpectedRow> rows_of(engine::PageRead const& page, std::vector<std::string>* raws) {
  std::vector<ExpectedRow> rows;
  for (auto const& batch : page.batches) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      ExpectedRow row;
      row.table = batch.table().name;
      if (batch.table().keeps_records()) row.columns["external_id"] = batch.external_id(i);
      if (raws != nullptr) raws->emplace_back(batch.raw(i));
      for (std::size_t c = 0; c < batch.table().columns.size(); ++c) {
        if (auto const* cell = batch.cell(i, c)) {
          row.columns[std::string(batch.table().columns[c].name)] = cell;
        }
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::vector<ExpectedRow> with_hashed_keys(std::vector<ExpectedRow> expected,
                                          std::vector<ExpectedRow> const& found,
                                          engine::StreamSpec const& spec) {
  std::set<std::string> hashed;
  if (spec.map.hash) hashed.emplace(spec.map.table->name);
  for (auto const& also : spec.also) {
    if (also.hash) hashed.emplace(also.table->name);
  }
  auto free = found;
  for (auto const& row : expected) std::erase(free, row);
  for (auto& row : expected) {
    if (!hashed.contains(row.table) || row.columns.contains("external_id")) continue;
    for (auto other = free.begin(); other != free.end(); ++other) {
      auto columns = other->columns;
      auto const key = columns.extract("external_id");
      if (other->table != row.table || key.empty() || columns != row.columns) continue;
      row.columns["external_id"] = key.mapped();
      free.erase(other);
      break;
    }
  }
  return expected;
}

Result<std::vector<Fixture const*>> chain_of(FixtureFolder const& folder, Fixture const& fixture) {
  std::vector<Fixture const*> chain;
  for (auto const& name : fixture.words("after")) {
    auto const* earlier = folder.find(name);
    if (earlier == nullptr) {
      return Error(ErrorCode::config_invalid,
                   fixture.label() + ".expected: `after` names `" + name + "`, which is not there");
    }
    chain.push_back(earlier);
  }
  chain.push_back(&fixture);
  return chain;
}

}  // namespace affsync::proof
