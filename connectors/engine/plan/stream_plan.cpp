#include "connectors/engine/plan/stream_plan.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/batch.hpp"
#include "base/suggest.hpp"
#include "base/yaml/node.hpp"
#include "connectors/engine/manifest/placeholders.hpp"
#include "connectors/engine/plan/auth_choice.hpp"
#include "connectors/engine/plan/settings.hpp"
#include "connectors/engine/plan/shared_specs.hpp"

namespace affsync::engine {
namespace {

Error misconfigured(std::string message, std::string hint = {}) {
  return Error(ErrorCode::config_invalid, std::move(message), std::move(hint));
}

// Throws for a path that no request can use. `what` is for messages: "the path of stream \"x\"".
void check_path(std::string const& path, std::string const& what) {
  if (!path.starts_with('/') || path.starts_with("//")) {
    throw Failure(misconfigured(what + " is " + yaml::quoted(path) + ", which is not a path",
                                "Start it with a single /; the host belongs in `base_url`."));
  }
  bool const strange =
      std::ranges::any_of(path, [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
  if (strange || path.find_first_of("?#") != std::string::npos) {
    throw Failure(misconfigured(what + " is " + yaml::quoted(path) + ", which is more than a path",
                                "Put parameters under `query`."));
  }
}

void set_query(StreamSpec& spec, NamedTexts const& overrides, std::string const& what) {
  for (auto const& [name, value] : overrides) {
    bool const paging = is_paging_parameter(spec.page, name);
    bool const window = is_window_parameter(spec, name);
    if (paging || window || is_item_parameter(spec, name)) {
      throw Failure(misconfigured(
          "the query parameter " + yaml::quoted(name) + " of " + what + " is set by the connector",
          paging   ? "Use `page_size`."
          : window ? "Use `start` and `lookback`."
                   : "It has a value of `for_each`."));
    }
    // Each part of the list sets its own parameters, which would silently override this one.
    for (auto const& part : spec.parts) {
      if (std::ranges::find(part.query, name, &NamedTexts::value_type::first) == part.query.end()) {
        continue;
      }
      throw Failure(misconfigured("the query parameter " + yaml::quoted(name) + " of " + what +
                                      " is set by the parts in which the connector reads it",
                                  "Remove it, or define other parts in your own connector file."));
    }
    auto& query = spec.request.query;
    auto const known = std::ranges::find(query, name, &NamedTexts::value_type::first);
    if (known == query.end()) {
      query.emplace_back(name, value);
    } else {
      known->second = value;
      // The connector may send the parameter several times.
      query.erase(
          std::remove_if(known + 1, query.end(),
                         [&wanted = name](auto const& pair) { return pair.first == wanted; }),
          query.end());
    }
  }
}

void set_page_size(StreamSpec& spec, int size, std::string const& what) {
  auto& page = spec.page;
  if (!page.size || page.size->parameter.empty()) {
    throw Failure(
        misconfigured(what + " has no page size: the broker decides how large its pages are",
                      "Remove `page_size`."));
  }
  auto const* offset = std::get_if<OffsetPaging>(&page.kind);
  int const least = offset != nullptr ? offset->overlap + 1 : 1;
  if (size < least || size > page.size->max_rows) {
    throw Failure(misconfigured(
        "the page size " + std::to_string(size) + " of " + what + " is out of range",
        "From " + std::to_string(least) + " to " + std::to_string(page.size->max_rows) + "."));
  }
  page.size->rows = size;
}

void apply(StreamOverrides const& overrides, StreamSpec& spec) {
  std::string const what = "stream " + yaml::quoted(spec.name);
  if (overrides.path) {
    check_path(*overrides.path, "the path of " + what);
    // A user who sets the path of a stream without one wants to read it.
    if (spec.request.path.empty()) spec.enabled = true;
    spec.request.path = *overrides.path;
  }
  if (overrides.enabled) spec.enabled = *overrides.enabled;
  if (overrides.in_reports) spec.in_reports = *overrides.in_reports;
  if (overrides.keeps_days) spec.keeps_days = overrides.keeps_days;
  set_query(spec, overrides.query, what);
  if (overrides.page_size) set_page_size(spec, *overrides.page_size, what);
  if ((overrides.start || overrides.lookback_days) && !spec.window) {
    throw Failure(
        misconfigured(what + " is not read by date, so it has neither start nor lookback",
                      "Remove " + std::string(overrides.start ? "`start`." : "`lookback`.")));
  }
  if (overrides.start) {
    spec.window->start = *overrides.start;
    spec.window->start_days.reset();
  }
  if (overrides.lookback_days) {
    if (*overrides.lookback_days < 0 || *overrides.lookback_days > 3660) {
      throw Failure(
          misconfigured("the lookback of " + what + " is out of range", "From 0d to 3660d."));
    }
    spec.window->lookback_days = *overrides.lookback_days;
  }
}

void check_stream_names(Manifest const& manifest, SourceSettings const& settings) {
  std::vector<std::string> known;
  for (auto const& stream : manifest.streams) known.push_back(stream.name);
  for (auto const& [name, overrides] : settings.streams) {
    if (manifest.find_stream(name) != nullptr) continue;
    auto const near = nearest(name, known);
    std::string list;
    for (auto const& one : known) list += (list.empty() ? "" : ", ") + one;
    throw Failure(misconfigured(
        "connector " + yaml::quoted(manifest.name) + " has no stream " + yaml::quoted(name),
        near ? "Did you mean `" + *near + "`?" : "It has: " + list + "."));
  }
}

std::string base_url_of(Manifest const& manifest, SourceSettings const& settings) {
  auto url = settings.base_url.empty() ? manifest.base_url : settings.base_url;
  if (url.empty()) {
    throw Failure(
        misconfigured("the source needs a `base_url`",
                      "Connector " + yaml::quoted(manifest.name) + " has no default host."));
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

AuthOption make_auth(AuthOption option, Manifest const& manifest, SourceSettings const& settings,
                     SettingValues const& values) {
  if (settings.login_path || !settings.login_url.empty()) {
    auto* const login = std::get_if<LoginTokenAuth>(&option.auth);
    if (login == nullptr) {
      throw Failure(misconfigured("connector " + yaml::quoted(manifest.name) +
                                      " has no login whose " +
                                      (settings.login_path ? "path" : "address") + " could be set" +
                                      (manifest.auth.size() > 1 ? " with these credentials" : ""),
                                  "Remove `login`."));
    }
    if (settings.login_path) {
      check_path(*settings.login_path, "the path of the login");
      login->login.path = *settings.login_path;
    }
    if (!settings.login_url.empty()) {
      login->url = settings.login_url;
      while (login->url.ends_with('/')) login->url.pop_back();
    }
  }
  values.fill(option);
  return option;
}

// A short hash: long enough to distinguish a user's own accounts, too short to derive what it was
// made from. A password does not identify the account; a key does, if there is no login name.
struct Account {
  std::string hash;
  bool by_login = false;
};

Account account_of(Manifest const& manifest, SourceSettings const& settings) {
  constexpr std::size_t digits = 8;
  auto const values = [&](bool secret) {
    std::string text;
    for (auto const& credential : manifest.credentials) {
      auto const given = settings.credentials.find(credential.name);
      if (credential.secret != secret || given == settings.credentials.end()) continue;
      text += credential.name + '\0' + given->second.reveal() + '\0';
    }
    return text;
  };
  Account account;
  std::string text = values(false);
  account.by_login = !text.empty();
  if (text.empty()) text = values(true);
  if (text.empty()) {
    for (auto const& [name, value] : settings.settings) text += name + '\0' + value + '\0';
  }
  account.hash = hash_content(text).to_hex().substr(0, digits);
  return account;
}

// Returns the hash that the account had with its former credentials. An empty former credential
// means that the source did not have it.
std::vector<std::string> former_accounts_of(Manifest const& manifest,
                                            SourceSettings const& settings) {
  if (settings.former_credentials.empty()) return {};
  auto former = settings;
  for (auto const& [name, value] : settings.former_credentials) {
    auto const is_it = [&wanted = name](auto const& one) { return one.name == wanted; };
    if (std::ranges::none_of(manifest.credentials, is_it)) {
      throw Failure(misconfigured(
          "connector " + yaml::quoted(manifest.name) + " has no credential " + yaml::quoted(name),
          "Use the names of this connector's credentials in former_credentials."));
    }
    former.credentials.erase(name);
    if (!value.empty()) former.credentials.emplace(name, Secret(value));
  }
  return {account_of(manifest, former).hash};
}

SourcePlan plan_source(Manifest const& manifest, SourceSettings const& settings,
                       SharedSpecs& shared) {
  auto chosen = choose_auth(manifest, settings.credentials);
  check_stream_names(manifest, settings);
  SettingValues const values(manifest, settings.settings);

  SourcePlan plan;
  plan.source = settings.name;
  plan.connector = manifest.name;
  plan.connector_hash = manifest.hash;
  plan.base_url = base_url_of(manifest, settings);
  auto account = account_of(manifest, settings);
  plan.account = std::move(account.hash);
  plan.account_by_login = account.by_login;
  plan.former_accounts = former_accounts_of(manifest, settings);
  auto option = make_auth(std::move(chosen), manifest, settings, values);
  plan.auth = std::move(option.auth);
  plan.extras = std::move(option.extras);
  plan.signature = std::move(option.signature);
  plan.credentials = settings.credentials;
  for (auto const& credential : manifest.credentials) {
    if (!credential.secret) plan.open_credentials.insert(credential.name);
  }
  plan.rate = manifest.rate;
  plan.errors = shared.errors_of(manifest);
  for (auto const& spec : manifest.streams) {
    StreamPlan stream;
    stream.source = settings.name;
    stream.stream = spec.name;
    stream.hash_salt = hash_salt_of(plan);
    stream.base_url = plan.base_url;
    stream.privacy = settings.privacy;
    stream.has_needs = std::ranges::all_of(
        spec.needs, [&](auto const& name) { return settings.credentials.contains(name); });
    try {
      auto const given = settings.streams.find(spec.name);
      auto overrides =
          given == settings.streams.end() ? StreamOverrides() : overrides_of(given->second);
      stream.spec = shared.prepared(manifest, spec, std::move(overrides), values, apply);
    } catch (Failure const& failure) {
      auto error = failure.error();
      throw Failure(std::move(error.in(settings.name, spec.name)));
    }
    stream.path_known = !std::as_const(stream).spec->request.path.empty();
    plan.streams.push_back(std::make_shared<StreamPlan const>(std::move(stream)));
  }
  return plan;
}

}  // namespace

std::optional<Error> StreamPlan::obstacle() const {
  if (!has_needs) {
    std::string names;
    for (auto const& name : spec->needs) names += (names.empty() ? "" : ", ") + name;
    return Error(ErrorCode::permission_denied,
                 "this stream needs credentials that the source does not have: " + names,
                 spec->needs_hint);
  }
  if (path_known) return std::nullopt;
  return Error(ErrorCode::path_unknown, "this stream has no public path", spec->path_hint);
}

namespace {

// Returns true if the column can have the word.
bool can_give(ColumnMapping const& column, std::string_view word) {
  if (column.constant) return *column.constant == word;
  if (column.otherwise == word || column.for_nothing == word) return true;
  if (!column.present.empty()) {
    return std::ranges::any_of(column.present,
                               [&](PresentWord const& one) { return one.word == word; });
  }
  bool const has_words = !column.table.empty() || column.for_nothing;
  if (!has_words) return true;  // the broker's own words
  return std::ranges::any_of(column.table, [&](auto const& entry) { return entry.second == word; });
}

bool commission_can_be_paid(TableMapping const& mapping) {
  if (mapping.table->name != "commission") return false;
  return std::ranges::any_of(mapping.columns, [](ColumnMapping const& column) {
    return column.column == "status" && can_give(column, "paid");
  });
}

}  // namespace

bool has_paid_state(StreamSpec const& stream) {
  if (stream.has_paid_state) return *stream.has_paid_state;
  return commission_can_be_paid(stream.map) ||
         std::ranges::any_of(stream.also, commission_can_be_paid);
}

Error StreamPlan::advised(Error error) const {
  if (error.code == ErrorCode::not_found && !spec->path_hint.empty()) error.hint = spec->path_hint;
  if (error.code == ErrorCode::answer_too_large && error.hint.empty()) {
    error.hint = spec->page.size ? "Set a smaller `page_size` of this stream."
                 : spec->window
                     ? "Let `window` of the connector ask for fewer days at once (`span`)."
                     : "The stream has neither pages nor a window by which to ask for less: if the "
                       "broker has any, describe them in the connector; else let it answer with "
                       "`Content-Encoding: gzip`.";
  }
  return error;
}

Result<SourcePlan> make_source_plan(Manifest const& manifest, SourceSettings const& settings,
                                    SharedSpecs* shared) {
  try {
    SharedSpecs own;
    return plan_source(manifest, settings, shared == nullptr ? own : *shared);
  } catch (Failure const& failure) {
    auto error = failure.error();
    return error.in(settings.name, "");
  }
}

std::string hash_salt_of(SourcePlan const& plan) {
  return plan.connector + ":" + plan.account + ":";
}

void set_hash_salt(SourcePlan& plan, std::string const& salt) {
  for (auto& stream : plan.streams) {
    if (stream->hash_salt == salt) continue;
    auto other = *stream;
    other.hash_salt = salt;
    stream = std::make_shared<StreamPlan const>(std::move(other));
  }
}

namespace {

bool is_within_any(std::string const& path, std::vector<std::string> const& outer) {
  return std::ranges::any_of(outer, [&](std::string const& one) {
    return path.starts_with(one) && (path.size() == one.size() || path[one.size()] == '.');
  });
}

}  // namespace

PersonalNames personal_names(StreamPlan const& plan) {
  PersonalNames names;
  std::set<std::string> columns, members;
  auto paths = plan.spec->personal;
  auto const each_column = [&](auto const& what) {
    for (auto const& column : plan.spec->map.columns) what(column);
    for (auto const& mapping : plan.spec->also) {
      for (auto const& column : mapping.columns) what(column);
    }
  };
  each_column([&](ColumnMapping const& column) {
    if (!column.personal) return;
    columns.insert(column.column);
    for (auto const& path : column.from) paths.push_back(path.text());
  });
  // A column of what is personal is that as well.
  each_column([&](ColumnMapping const& column) {
    for (auto const& path : column.from) {
      if (is_within_any(path.text(), paths)) columns.insert(column.column);
    }
  });
  for (auto const& path : paths) members.emplace(JsonPath(path).head());
  names.columns.assign(columns.begin(), columns.end());
  names.members.assign(members.begin(), members.end());
  return names;
}

std::string substitute(std::string_view text, std::string_view name, std::string_view value) {
  return expand_placeholders(text, [&](std::string_view found) -> std::optional<std::string> {
    if (found != name) return std::nullopt;
    return std::string(value);
  });
}

}  // namespace affsync::engine
