#include "daemon/source_plans.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include "base/batch.hpp"
#include "base/suggest.hpp"
#include "config/environment.hpp"
#include "connectors/engine/request/auth.hpp"
#include "connectors/engine/rows/privacy_filter.hpp"
#include "daemon/chosen_names.hpp"
#include "daemon/net/proxy.hpp"
#include "daemon/sync/file_client.hpp"
#include "daemon/sync/inbox.hpp"
#include "version_info.hpp"

namespace affsync {
namespace {

Result<engine::Manifest const*> manifest_of(config::SourceConfig const& source,
                                            std::vector<engine::Manifest> const& manifests) {
  std::vector<std::string> names;
  for (auto const& manifest : manifests) {
    if (manifest.name == source.connector) {
      if (manifest.flaw) return *manifest.flaw;
      return &manifest;
    }
    names.push_back(manifest.name);
  }
  Error error(ErrorCode::config_invalid, "there is no connector `" + source.connector + "`");
  auto const meant = nearest(source.connector, names);
  error.hint =
      meant ? "Did you mean `" + *meant + "`?" : "`affsync connectors` lists the known connectors.";
  error.at(source.where);
  return error;
}

// Returns file and line of the key that the connector does not know, in the order in which the plan
// is made, or of the stream that the error is about, or else of the source.
std::string place_of_mistake(config::SourceConfig const& source, engine::Manifest const& manifest,
                             Error const& error) {
  auto const place = [&](std::string const& key) {
    auto const found = source.places.find(key);
    return found == source.places.end() ? source.where : found->second;
  };
  for (auto const& [name, secret] : source.credentials) {
    auto const same = [&name](auto const& known) { return known.name == name; };
    if (std::ranges::none_of(manifest.credentials, same)) return place("credentials." + name);
  }
  for (auto const& [name, stream] : source.streams) {
    if (manifest.find_stream(name) == nullptr || error.stream == name) return stream.where;
  }
  for (auto const& [name, value] : source.settings) {
    auto const same = [&name](auto const& known) { return known.name == name; };
    if (std::ranges::none_of(manifest.settings, same)) return place("settings." + name);
  }
  return source.where;
}

config::StreamConfig const* stream_config(config::SourceConfig const& source,
                                          std::string const& stream) {
  auto const found = source.streams.find(stream);
  return found == source.streams.end() ? nullptr : &found->second;
}

}  // namespace

Result<PreparedSource> prepare_source(config::SourceConfig const& source,
                                      std::vector<engine::Manifest> const& manifests,
                                      engine::SharedSpecs* shared) {
  auto const manifest = manifest_of(source, manifests);
  if (!manifest) return manifest.error();

  // Clear source and stream: with a name in front of the file, editors would not find the line.
  auto fail = [&](Error error) {
    error.at(place_of_mistake(source, **manifest, error));
    error.source.clear();
    error.stream.clear();
    return error;
  };
  auto plan = engine::make_source_plan(**manifest, source, shared);
  if (!plan) return fail(plan.error());

  PreparedSource prepared;
  prepared.config = &source;
  prepared.plan = std::move(*plan);
  auto& rate = prepared.plan.rate;
  auto const& limit = source.rate_limit;
  if (limit.requests_per_second) {
    auto const most = rate.max_requests_per_second;
    bool const too_much = most > 0 && *limit.requests_per_second > most;
    if (too_much) {
      auto const shown = [](double number) {
        std::ostringstream text;
        text << number;
        return text.str();
      };
      prepared.warning = "rate_limit asks for " + shown(*limit.requests_per_second) +
                         " requests a second; the connector allows at most " + shown(most) +
                         ", which is used instead";
    }
    rate.requests_per_second = too_much ? most : *limit.requests_per_second;
    rate.max_requests_per_second = rate.requests_per_second;
  }
  if (limit.burst) rate.burst = *limit.burst;
  if (limit.concurrency) rate.concurrency = limit.concurrency;

  if (sync::folder_of(prepared.plan.base_url)) return prepared;  // nothing is requested
  auto origin = net::parse_origin(prepared.plan.base_url, source.allow_http);
  if (!origin) return fail(origin.error());
  prepared.client.origin = std::move(*origin);
  auto proxy = net::choose_proxy(source.proxy, config::process_environment(),
                                 prepared.client.origin, source.allow_http);
  if (!proxy) return fail(proxy.error());
  prepared.client.proxy = std::move(*proxy);
  prepared.client.ca_file = source.ca_file;
  prepared.client.certificate_file = source.certificate_file;
  prepared.client.key_file = source.key_file;
  prepared.client.idle_connections = static_cast<std::size_t>(rate.usable_concurrency());
  prepared.client.user_agent = "affsync/" AFFSYNC_VERSION;
  auto& deadlines = prepared.client.deadlines;
  deadlines.request = source.timeout;
  deadlines.read = source.timeout;
  deadlines.connect = std::min(deadlines.connect, source.timeout);
  deadlines.handshake = std::min(deadlines.handshake, source.timeout);

  auto const& login = engine::login_url_of(prepared.plan.auth);
  if (login.empty()) return prepared;
  auto& client = prepared.login_client.emplace(prepared.client);
  auto login_origin = net::parse_origin(login, source.allow_http, "`url` of the login");
  if (!login_origin) return fail(login_origin.error());
  client.origin = std::move(*login_origin);
  auto login_proxy = net::choose_proxy(source.proxy, config::process_environment(), client.origin,
                                       source.allow_http);
  if (!login_proxy) return fail(login_proxy.error());
  client.proxy = std::move(*login_proxy);
  client.idle_connections = 0;  // a login always has a connection of its own
  return prepared;
}

std::vector<PreparedSource> prepare_chosen(config::Config const& config,
                                           std::vector<engine::Manifest> const& manifests,
                                           engine::SharedSpecs* shared,
                                           std::vector<std::string> const& sources,
                                           std::vector<std::string> const& streams) {
  refuse_unknown(sources, names_of_sources(config), "source");
  std::vector<PreparedSource> prepared;
  std::vector<std::string> stream_names;
  for (auto const& source : config.sources) {
    if (!chosen(sources, source.name)) continue;
    prepared.push_back(prepare_source(source, manifests, shared).value());
    for (auto const& stream : prepared.back().plan.streams) stream_names.push_back(stream->stream);
  }
  refuse_unknown(streams, stream_names, "stream");
  return prepared;
}

std::vector<std::string> names_of_sources(config::Config const& config) {
  std::vector<std::string> names;
  for (auto const& source : config.sources) names.push_back(source.name);
  return names;
}

void refuse_without_sources(config::Config const& config) {
  if (!config.sources.empty()) return;
  throw Failure(ErrorCode::config_invalid, config.file + ": the configuration has no source",
                "Add one to `sources`, or restore the file if it was cut off.");
}

std::function<std::unique_ptr<net::HttpClient>()> client_maker(
    PreparedSource const& source, boost::asio::any_io_executor executor) {
  if (auto const folder = sync::folder_of(source.plan.base_url)) {
    return [folder = *folder] { return sync::make_file_client(folder); };
  }
  return [executor = std::move(executor), options = source.client] {
    return net::make_http_client(executor, options).value();
  };
}

std::function<std::unique_ptr<net::HttpClient>()> login_client_maker(
    PreparedSource const& source, boost::asio::any_io_executor executor) {
  if (!source.login_client) return {};
  return [executor = std::move(executor), options = *source.login_client] {
    return net::make_http_client(executor, options).value();
  };
}

std::vector<Secret> proxy_secrets(PreparedSource const& source) {
  std::vector<Secret> secrets;
  auto const add = [&](net::ClientOptions const& client) {
    if (!client.proxy) return;
    secrets.insert(secrets.end(), client.proxy->secrets.begin(), client.proxy->secrets.end());
  };
  add(source.client);
  if (source.login_client) add(*source.login_client);
  return secrets;
}

schema::BlockKey block_key_of(engine::SourcePlan const& plan, int source_id) {
  schema::BlockKey block;
  block.source_id = source_id;
  block.name = plan.source;
  block.connector = plan.connector;
  block.base_url = plan.base_url;
  block.account = plan.account;
  return block;
}

schema::SourceRegistration registration_of(PreparedSource const& source) {
  auto const& plan = source.plan;
  schema::SourceRegistration registration;
  registration.identity.name = plan.source;
  registration.identity.connector = plan.connector;
  registration.identity.base_url = plan.base_url;
  registration.identity.account = plan.account;
  registration.account_by_login = plan.account_by_login;
  registration.former_accounts = plan.former_accounts;
  registration.hash_salt = engine::hash_salt_of(plan);
  registration.privacy = to_string(source.config->privacy);
  for (auto const& stream : plan.streams) {
    schema::StreamRegistration one;
    one.stream = stream->stream;
    one.table = stream->table().name;
    one.in_reports = stream->spec->in_reports;
    one.has_paid_state = engine::has_paid_state(stream->spec);
    one.enabled = stream->spec->enabled;
    one.mapping = hash_content(stream->spec->mapping_text).to_hex();
    one.keys = hash_content(stream->spec->key_text).to_hex();
    one.taken = hash_content(stream->spec->where_text).to_hex();
    one.hidden = hash_content(engine::hashed_key_parts(*stream)).to_hex();
    auto const& cut = stream->spec->cut_text;
    one.cut = cut.empty() ? "-" : hash_content(cut).to_hex();
    registration.streams.push_back(std::move(one));
  }
  return registration;
}

Result<Schedule> schedule_of(config::SourceConfig const& source, engine::StreamSpec const& stream) {
  auto const* given = stream_config(source, stream.name);
  if (given != nullptr && given->every) return *given->every;
  if (source.every_given || stream.every.empty()) return source.every;
  return parse_schedule(stream.every);
}

Result<std::optional<Schedule>> full_schedule_of(config::SourceConfig const& source,
                                                 engine::StreamSpec const& stream) {
  auto const* given = stream_config(source, stream.name);
  if (given != nullptr && given->full_every) return given->full_every;
  if (stream.full_every.empty()) return std::optional<Schedule>();
  auto parsed = parse_schedule(stream.full_every);
  if (!parsed) return parsed.error();
  return std::optional<Schedule>(*parsed);
}

bool reconcile_warns(config::SourceConfig const& source, std::string const& stream) {
  auto const* given = stream_config(source, stream);
  if (given != nullptr && given->reconcile_warns) return *given->reconcile_warns;
  return source.reconcile_warns;
}

bool is_same_account(PreparedSource const& one, PreparedSource const& other) {
  auto const &mine = *one.config, &its = *other.config;
  return mine.connector == its.connector && one.plan.base_url == other.plan.base_url &&
         mine.settings == its.settings && mine.credentials == its.credentials;
}

std::vector<std::pair<std::string, std::string>> repeated_accounts(
    std::vector<PreparedSource> const& sources) {
  std::multimap<std::string, PreparedSource const*> earlier;
  std::vector<std::pair<std::string, std::string>> repeated;
  for (auto const& source : sources) {
    auto const broker = source.config->connector + '\n' + source.plan.base_url;
    auto const [begin, end] = earlier.equal_range(broker);
    auto const same = std::find_if(
        begin, end, [&](auto const& known) { return is_same_account(*known.second, source); });
    if (same == end) {
      earlier.emplace(broker, &source);
      continue;
    }
    repeated.emplace_back(source.config->name, "it reads the same account as the source " +
                                                   same->second->config->name +
                                                   ", so that reports count its money twice");
  }
  return repeated;
}

}  // namespace affsync
