#include "config/source_section.hpp"

#include <map>

#include "base/yaml/node.hpp"
#include "config/secrets.hpp"
#include "config/values.hpp"

namespace affsync::config {
namespace {

constexpr std::string_view secret_hint =
    "A secret is a text, \"${NAME}\", {file: PATH} or {credential: NAME}.";

constexpr std::string_view credential_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

std::string read_source_name(yaml::Node const& node) {
  auto const name = node.text();
  bool good = !name.empty() && name.size() <= 64;
  for (char c : name) {
    good = good && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '_' || c == '-');
  }
  // In the address of a page they would lead to another page.
  good = good && name != "." && name != "..";
  if (!good) {
    node.fail("not a name for a source: " + node.shown(),
              "It takes 1 to 64 Latin letters (a to z, A to Z), digits, dots, underscores and "
              "hyphens, but is not `.` or `..`.");
  }
  return name;
}

std::vector<std::pair<std::string, std::string>> read_query(yaml::Node const& node) {
  std::vector<std::pair<std::string, std::string>> query;
  for (auto const& [name, value] : node.members()) query.emplace_back(name, value.text());
  return query;
}

// Returns true for `warn`: totals that differ from the rows are reported, but a run stays
// succeeded.
bool read_reconcile(yaml::Node const& node) {
  return read_word<bool>(node, "reconcile", {{"strict", false}, {"warn", true}});
}

// Reads how long the broker lists a row: days, or `forever`.
int read_keeps(yaml::Node const& node) {
  constexpr int forever = 100'000;
  if (node.text() == "forever") return forever;
  auto const days = read_days(node);
  if (days == 0) node.fail("`keeps` must be at least 1d", "Remove it if the time is unknown.");
  return days;
}

StreamConfig read_stream(yaml::Node const& key, yaml::Node const& node) {
  StreamConfig stream;
  stream.where = key.where();
  if (node.is_null()) return stream;  // "rewards:" alone
  yaml::Map map(node, "a stream");
  if (auto const value = map.find("enabled")) stream.enabled = value->as_bool();
  if (auto const value = map.find("every")) stream.every = read_schedule(*value);
  if (auto const value = map.find("full_every")) stream.full_every = read_schedule(*value);
  if (auto const value = map.find("start")) {
    stream.start = read_day(*value);
    auto const today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    // Tomorrow in UTC may already be today in a time zone east of it.
    if (*stream.start > today + std::chrono::days(1)) {
      value->fail("a start in the future: nothing would be read",
                  "Write the day of the first rows; if it is past, set the clock of this machine.");
    }
  }
  if (auto const value = map.find("lookback")) stream.lookback_days = read_days(*value);
  if (auto const value = map.find("keeps")) stream.keeps_days = read_keeps(*value);
  if (auto const value = map.find("in_reports")) stream.in_reports = value->as_bool();
  if (auto const value = map.find("reconcile")) stream.reconcile_warns = read_reconcile(*value);
  if (auto const value = map.find("page_size")) {
    stream.page_size = static_cast<int>(value->as_integer(1, 100'000));
  }
  if (auto const value = map.find("path")) stream.path = read_path(*value);
  if (auto const value = map.find("query")) stream.query = read_query(*value);
  map.finish();
  return stream;
}

// Refuses placeholders of the example, which must not be sent to a broker as a login. (read_secret
// refuses variables without braces.)
void refuse_placeholder(yaml::Node const& node, std::string const& name, Secret const& secret) {
  auto const& text = secret.reveal();
  if (!node.is_scalar()) return;
  if (text == "your " + name) {
    node.fail("the credential `" + name + "` is still the placeholder of the example",
              "Write your own there.");
  }
}

void read_credentials(yaml::Node const& node, SourceConfig& source, Environment const& env) {
  // Check this first: if a brace is missing, the error of a mapping could quote the password.
  if (!node.is_map()) {
    node.fail("credentials must be a mapping of names to secrets", std::string(secret_hint));
  }
  for (auto const& [key, value] : node.entries()) {
    auto const name = key.text();
    // "{password:secret}" without a blank is one long key. Do not quote a key that is not a valid
    // name.
    if (name.empty() || name.find_first_not_of(credential_characters) != std::string::npos) {
      key.fail("not a name for a credential",
               "A blank must follow the colon; the name takes letters, digits and underscores.");
    }
    auto secret = read_secret(value, "the credential `" + name + "`", env);
    refuse_placeholder(value, name, secret);
    source.credentials.emplace(name, std::move(secret));
    source.places["credentials." + name] = key.where();
  }
}

void read_tls(yaml::Node const& node, SourceConfig& source) {
  yaml::Map map(node, "tls");
  if (auto const value = map.find("ca_file")) source.ca_file = read_pem_name(*value);
  auto const certificate = map.find("certificate_file");
  auto const key = map.find("key_file");
  if (certificate) source.certificate_file = read_pem_name(*certificate);
  if (key) source.key_file = read_pem_name(*key);
  if (certificate.has_value() != key.has_value()) {
    (certificate ? *certificate : *key)
        .fail("tls needs both certificate_file and key_file",
              "A file with both, such as PEM files of some brokers, is named twice.");
  }
  for (auto const* word : {"verify", "verify_peer", "insecure", "skip_verify", "verification"}) {
    map.explain(word,
                "Verification cannot be turned off: it protects the credentials from impostors. "
                "Trust a private certificate with `ca_file`.");
  }
  map.explain("ca", "Did you mean `ca_file`?");
  map.explain("certificate", "Did you mean `certificate_file`?");
  map.explain("key", "Did you mean `key_file`?");
  map.finish();
}

RateLimitSettings read_rate_limit(yaml::Node const& node) {
  RateLimitSettings limit;
  yaml::Map map(node, "rate_limit");
  if (auto const value = map.find("requests_per_second")) {
    limit.requests_per_second = value->as_number(0.001, 10'000);
  }
  if (auto const value = map.find("burst")) limit.burst = value->as_number(1, 10'000);
  if (auto const value = map.find("concurrency")) {
    limit.concurrency = static_cast<int>(value->as_integer(1, 64));
  }
  map.finish();
  return limit;
}

void read_login(yaml::Node const& node, SourceConfig& source) {
  yaml::Map map(node, "login");
  auto const url = map.find("url");
  if (url) source.login_url = read_base_url(*url, source.allow_http, "url of a login");
  if (url && source.login_url.starts_with("file:")) {
    url->fail("a url of a login must begin with https://");
  }
  if (auto const path = map.find("path")) source.login_path = read_path(*path);
  map.finish();
  if (!url && !source.login_path) node.fail("login needs a `path` or a `url`");
}

SourceConfig read_source(yaml::Node const& node, Defaults const& defaults, Environment const& env) {
  SourceConfig source;
  yaml::Map map(node, "a source");
  auto const name = map.require("name");
  source.where = name.where();
  source.name = read_source_name(name);
  source.connector = read_text(map.require("connector"));
  if (auto const value = map.find("allow_http")) source.allow_http = value->as_bool();
  if (auto const value = map.find("base_url")) {
    source.base_url = read_base_url(*value, source.allow_http);
  }
  if (auto const value = map.find("credentials")) read_credentials(*value, source, env);
  if (auto const value = map.find("former_credentials")) {
    for (auto const& [key, former] : value->members()) {
      source.former_credentials[key] = former.is_null() ? std::string() : former.text();
    }
  }
  if (auto const value = map.find("settings")) {
    if (!value->is_map()) value->fail("settings must be a mapping of names to values");
    for (auto const& [key, setting] : value->entries()) {
      source.settings[key.text()] = setting.text();
      source.places["settings." + key.text()] = key.where();
    }
  }
  if (auto const value = map.find("tls")) read_tls(*value, source);
  if (auto const value = map.find("proxy")) source.proxy = read_secret(*value, "proxy", env);
  if (auto const value = map.find("rate_limit")) source.rate_limit = read_rate_limit(*value);

  source.every_given = defaults.every.has_value();
  source.every = defaults.every.value_or(Schedule());
  if (auto const value = map.find("every")) {
    source.every = read_schedule(*value);
    source.every_given = true;
  }
  auto const timeout = map.find("timeout");
  source.timeout = timeout ? read_timeout(*timeout) : defaults.timeout;
  auto const privacy = map.find("privacy");
  source.privacy = privacy ? read_privacy(*privacy) : defaults.privacy;
  auto const mass_drop = map.find("mass_drop");
  source.mass_drop_limit = mass_drop ? read_percent(*mass_drop) : defaults.mass_drop_limit;
  if (auto const value = map.find("reconcile")) source.reconcile_warns = read_reconcile(*value);
  if (auto const value = map.find("login")) read_login(*value, source);
  if (auto const value = map.find("streams")) {
    if (!value->is_map()) {
      value->fail("streams must be a mapping of stream names to their options",
                  "Such as: streams: {rewards: {enabled: true}, orders: {enabled: false}}. For a "
                  "stream that is not named, the connector decides.");
    }
    for (auto const& [key, stream] : value->entries()) {
      source.streams.emplace(key.text(), read_stream(key, stream));
    }
  }
  map.explain("password", "Put it into `credentials`.");
  map.explain("url", "Did you mean `base_url`?");
  map.finish();
  return source;
}

}  // namespace

std::vector<SourceConfig> read_sources(yaml::Node const& list, Defaults const& defaults,
                                       Environment const& env) {
  if (!list.is_sequence()) {
    list.fail("sources must be a list", "Begin each source with `- name: ...`.");
  }
  std::vector<SourceConfig> sources;
  std::map<std::string, std::string> places;
  for (auto const& item : list.items()) {
    auto source = read_source(item, defaults, env);
    auto const [first, is_new] = places.emplace(source.name, source.where);
    if (!is_new) {
      Error error(ErrorCode::config_invalid, "a second source named " + yaml::quoted(source.name),
                  "The first is at " + first->second + ".");
      throw Failure(std::move(error.at(source.where)));
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace affsync::config
