#include "daemon/source_registration.hpp"

#include <optional>

#include "daemon/chosen_names.hpp"
#include "daemon/withdrawn_streams.hpp"

namespace affsync {

namespace asio = boost::asio;
namespace {

// Once: from then on they count as gone.
asio::awaitable<void> tell_withdrawn(schema::Store& store,
                                     std::vector<PreparedSource> const& prepared,
                                     std::vector<schema::SourceRegistered> const& registered,
                                     Logger all_log) {
  std::vector<std::pair<int, std::string>> streams;
  for (auto const& one : registered) {
    for (auto const& stream : one.withdrawn) streams.emplace_back(one.source_id, stream);
  }
  std::vector<WithdrawnStream> lacking;
  std::optional<Error> flaw;
  try {
    lacking = co_await withdrawn_streams(store, streams);
  } catch (Failure const& failure) {
    flaw = failure.error();
  }
  if (flaw) {
    all_log.warn("streams are no longer in their connector, and what reports lack is not known",
                 {{"streams", std::to_string(streams.size())}, {"error", flaw->message}});
  }
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    for (auto const& one : lacking) {
      if (one.source_id != registered[i].source_id) continue;
      all_log.with("source", prepared[i].plan.source)
          .warn("the stream is no longer in its connector: reports omit what it has brought. " +
                    std::string(advice_for_withdrawn),
                {{"stream", one.stream}, {"omitted", one.lacks}});
    }
  }
}

}  // namespace

asio::awaitable<std::vector<schema::SourceRegistered>> register_sources(
    schema::Store& store, std::vector<PreparedSource>& prepared,
    std::vector<std::string> configured, std::vector<std::string> named, Logger all_log) {
  std::vector<schema::SourceRegistration> registrations;
  for (auto const& source : prepared) {
    auto registration = registration_of(source);
    // A stream that is off is read if the command names it.
    for (auto& stream : registration.streams) {
      stream.enabled = stream.enabled || (!named.empty() && chosen(named, stream.stream));
    }
    registrations.push_back(std::move(registration));
  }
  auto registered =
      co_await store.register_sources(std::move(registrations), std::move(configured));
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    auto& plan = prepared[i].plan;
    auto const& one = registered[i];
    engine::set_hash_salt(plan, one.hash_salt);
    auto const log = all_log.with("source", plan.source);
    if (one.old_name) {
      log.info("the source was renamed; its rows and its state are kept",
               {{"before", *one.old_name}});
    }
    if (one.read_as) {
      log.warn(
          "another affsync on this database reads the same account under another name, so its money"
          " is counted twice. Give the source the same name in both configurations",
          {{"other_name", *one.read_as}});
    }
    if (one.resembles) {
      log.warn(
          "the source is new, and one that is no longer configured has the same connector and the"
          " same login or address. If it is the same account, its money counts twice now: then"
          " give the source its old name again, run `affsync sources remove` with --with-data for"
          " the new name, and change one thing at a time",
          {{"before", *one.resembles}});
    }
    if (one.renewed_key) {
      log.warn(
          "the key of the source has changed; affsync takes it for a renewed key of the same"
          " account. Configure another account as a source with a different name");
    }
    if (one.moved) {
      log.info("base_url of the source has changed; all of its rows are read again",
               {{"base_url", plan.base_url}});
    }
    if (one.other_privacy) {
      log.info("privacy has changed; all rows are read again and stored with the new setting");
    }
    for (auto const& stream : one.other_keys) {
      log.info(
          "the keys of this stream's rows are made in another way; each row that comes under a new"
          " key replaces the one under the old",
          {{"stream", stream}});
    }
    for (auto const& stream : one.other_cut) {
      log.info(
          "the days of this stream's windows are cut in another way, such as in another time zone;"
          " all rows are read again",
          {{"stream", stream}});
    }
    if (one.shared && !one.other_mapping.empty()) {
      log.warn(
          "the source has another connector than at its last registration, and another "
          "configuration"
          " of this database contains it too. If that one still has the former connector file, or"
          " another version of affsync, the amounts change with each pass: give both the same",
          {{"connector", plan.connector}});
    }
    for (auto const& stream : one.other_mapping) {
      log.info("the connector's mapping of this stream has changed; all rows are read again",
               {{"stream", stream}});
    }
  }
  co_await tell_withdrawn(store, prepared, registered, all_log);
  co_return registered;
}

asio::awaitable<std::vector<int>> lift_blocks(schema::Store& store,
                                              std::vector<schema::BlockKey> blocks, Logger log) {
  std::optional<Error> flaw;
  std::vector<int> lifted;
  try {
    lifted = co_await store.lift_blocks(std::move(blocks));
  } catch (Failure const& failure) {
    flaw = failure.error();
  }
  if (flaw) {
    log.warn("the pauses of refused logins could not be ended", {{"error", flaw->message}});
  }
  co_return lifted;
}

}  // namespace affsync
