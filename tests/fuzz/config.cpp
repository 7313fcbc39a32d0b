// A configuration file. For any text: it is refused with file, line and column and without showing
// a secret, or its schedules give future times and its URLs can be parsed.
#include "config/load.hpp"
#include "daemon/net/http_client.hpp"
#include "tests/fuzz/cells.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {
namespace {

constexpr std::string_view secret = "zQ7-c0untersign";

std::optional<std::string> variable(std::string const& name) {
  if (name == "SECRET") return std::string(secret);
  if (name == "EVERY") return "15m";
  return std::nullopt;
}

void require_silence(Error const& error) {
  require_error(error);
  require(error.to_line().find(secret) == std::string::npos, "no error shows a secret",
          error.to_line());
}

void require_ahead(affsync::Schedule const& schedule) {
  auto const now = TimePoint(*parse_day("2026-11-21")) + std::chrono::seconds(11655);
  auto const next = schedule.next(now, 0.5);
  require(next > now, "the next run is later than now", schedule.text());
  require(schedule.interval() > std::chrono::seconds(0), "an interval is positive",
          schedule.text());
}

}  // namespace

void config(std::string_view input) {
  // The secret comes only from the environment. The fuzzer can learn its text from the search
  // below.
  if (input.find(secret) != input.npos) return;
  auto const config = affsync::config::parse_config(input, "fuzz.yaml", variable);
  if (!config) {
    require(config.error().where.starts_with("fuzz.yaml"), "an error names its place in the file",
            config.error().to_line());
    return require_silence(config.error());
  }
  for (auto const& source : config->sources) {
    require_ahead(source.every);
    for (auto const& [name, stream] : source.streams) {
      if (stream.every) require_ahead(*stream.every);
      if (stream.full_every) require_ahead(*stream.full_every);
    }
    if (source.base_url.empty()) continue;
    auto const origin = net::parse_origin(source.base_url, source.allow_http);
    if (!origin) {
      require_error(origin.error());
    } else {
      require(!origin->host.empty(), "a host has a name", source.base_url);
    }
  }
}

}  // namespace affsync::fuzz
