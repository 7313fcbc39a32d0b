#include "tests/player/player.hpp"

#include <algorithm>

#include "connectors/engine/request/signature.hpp"
#include "connectors/proof/fixture_reading.hpp"
#include "connectors/proof/query.hpp"

namespace affsync::player {
namespace {

using proof::Fixture;

// Returns the pages of the list with the most rows that the fixtures show of a stream.
std::vector<Fixture const*> longest_list(proof::FixtureFolder const& folder,
                                         std::string const& stream) {
  std::vector<Fixture const*> longest;
  std::size_t most = 0;
  for (auto const& fixture : folder.fixtures) {
    if (fixture.of() != stream || !fixture.is_good()) continue;
    auto const chain = proof::chain_of(folder, fixture);
    if (!chain) continue;
    std::size_t rows = 0;
    for (auto const* one : *chain) rows += one->rows.size();
    if (rows <= most) continue;
    most = rows;
    longest = *chain;
  }
  return longest;
}

}  // namespace

Player::Player(engine::Manifest const& manifest, proof::FixtureFolder folder,
               std::string const& base_url, int days, Clock const& clock)
    : folder_(std::move(folder)) {
  auto settings = proof::test_settings(manifest, folder_, [](std::string const& name) {
                    return "demo-" + name;
                  }).value();
  settings.base_url = base_url;
  plan_ = engine::make_source_plan(manifest, settings).value();
  auto const yesterday =
      Day(std::chrono::floor<std::chrono::days>(clock.now())) - std::chrono::days(1);
  for (auto const& stream : plan_.streams) {
    if (!stream->spec->enabled) continue;
    auto const chain = longest_list(folder_, stream->stream);
    if (chain.empty()) {
      notes_.push_back(stream->stream + ": no fixture shows a row");
      continue;
    }
    auto listing = proof::Listing::make(stream, chain);
    if (!listing) {
      notes_.push_back(stream->stream + ": " + listing.error().message);
      continue;
    }
    bool const has_days = stream->spec->window && !stream->spec->window->changes;
    if (has_days) listing->spread(yesterday, days);
    notes_.push_back(stream->stream + ": " + std::to_string(listing->rows().size()) + " rows");
    Stream played;
    played.plan = stream;
    played.broker = std::make_unique<proof::Broker>(plan_, folder_, std::move(*listing),
                                                    proof::Behaviour(), clock);
    streams_.push_back(std::move(played));
  }
  if (streams_.empty()) throw Failure(ErrorCode::usage, "no stream can be played");
}

// Streams may share a path; then the parameters that each of them always sends tell them apart.
Player::Stream* Player::stream_of(HttpRequest const& request) {
  auto const target = proof::read_request(request);
  std::string_view path = target.path;
  auto const base = engine::base_path_of(plan_.base_url);
  if (!path.starts_with(base)) return nullptr;
  path.remove_prefix(base.size());
  Stream* best = nullptr;
  std::size_t most = 0;
  for (auto& stream : streams_) {
    auto const& spec = *stream.plan->spec;
    bool const is_path = proof::match_path(proof::read_target(spec.request.path).path, path) &&
                         request.method == spec.request.method;
    bool const is_it = is_path && std::ranges::all_of(spec.request.query, [&](auto const& pair) {
                         return std::ranges::find(target.query, pair) != target.query.end();
                       });
    // One list with days and one without may be the same otherwise.
    bool const has_days = spec.window && !spec.window->from_parameter.empty();
    bool const asks_days = has_days && target.find(spec.window->from_parameter);
    auto const words = spec.request.query.size() + (asks_days ? 1 : 0);
    if (!is_it || (best != nullptr && words <= most)) continue;
    best = &stream;
    most = words;
  }
  return best;
}

HttpResponse Player::answer(HttpRequest const& request) {
  auto* stream = stream_of(request);
  auto& broker = stream != nullptr ? *stream->broker : *streams_.front().broker;
  auto const logins = broker.tokens().size();
  auto response = broker.answer(request);
  if (broker.tokens().size() > logins) {
    for (auto const& other : streams_) other.broker->admit(broker.tokens().back());
  }
  return response;
}

std::set<std::string> Player::complaints() const {
  std::set<std::string> all;
  for (auto const& stream : streams_) {
    auto const& own = stream.broker->complaints();
    all.insert(own.begin(), own.end());
  }
  return all;
}

}  // namespace affsync::player
