#include "daemon/database_url.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "config/key_place.hpp"

namespace affsync {
namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

std::vector<std::string> known_options() {
  std::vector<std::string> names;
  Options const all(PQconndefaults(), PQconninfoFree);
  for (auto const* one = all.get(); one != nullptr && one->keyword != nullptr; ++one) {
    names.emplace_back(one->keyword);
  }
  return names;
}

// Returns the option that libpq does not know; empty if it complains of something else.
std::string unknown_option(std::string const& complaint) {
  for (std::string const begin :
       {"invalid connection option \"", "invalid URI query parameter: \""}) {
    if (!complaint.starts_with(begin)) continue;
    return complaint.substr(begin.size(), complaint.find('"', begin.size()) - begin.size());
  }
  return {};
}

bool is_url(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

// Of `//user:pass/word@host/name` libpq takes `pass` for the port and `word@host/name` for the
// name, and its complaints would quote both.
bool is_split_by_slash(std::string_view url, std::string_view option, std::string_view value) {
  if (!is_url(url)) return false;
  if (option == "port") return value.find_first_not_of("0123456789,") != std::string_view::npos;
  // A name that has one writes it as %40.
  auto const path = url.find('/', url.find("://") + 3);
  auto const end = std::min(url.find('?'), url.size());
  return option == "dbname" && path < end &&
         url.substr(path, end - path).find('@') != std::string_view::npos;
}

// What follows the first @ is taken for the host, unless `?host=` names another one, and a part of
// the password would be missing without a word.
bool has_two_at_signs(std::string_view url) {
  if (!is_url(url)) return false;
  auto const begin = url.find("://") + 3;
  auto const user_and_host = url.substr(begin, url.find_first_of("/?", begin) - begin);
  return std::ranges::count(user_and_host, '@') > 1;
}

void require_readable(std::string const& url, std::string const& key, std::string const& file) {
  char* message = nullptr;
  Options const options(PQconninfoParse(url.c_str(), &message), PQconninfoFree);
  std::string const complaint = message == nullptr ? "" : message;
  if (message != nullptr) PQfreemem(message);
  auto const refuse_at_sign = [&] {
    throw Failure(ErrorCode::config_invalid,
                  config::with_places({key}, file).front() + " has more than one @",
                  "Write an @ of a password or a user as %40.");
  };
  if (options && has_two_at_signs(url)) refuse_at_sign();
  for (auto const* one = options.get(); one != nullptr && one->keyword != nullptr; ++one) {
    if (one->val != nullptr && is_split_by_slash(url, one->keyword, one->val)) {
      throw Failure(ErrorCode::config_invalid,
                    config::with_places({key}, file).front() +
                        " has a / before the host, or a port that is no number",
                    "Write a / of a password or a user as %2F, and an @ of the database's name as "
                    "%40.");
    }
    bool const is_host = std::string_view(one->keyword) == "host" && one->val != nullptr;
    // What follows the first @ is taken for the host, and would be shown as such.
    if (is_host && std::string_view(one->val).find('@') != std::string_view::npos) refuse_at_sign();
  }
  if (options) return;
  auto const named = config::with_places({key}, file).front();
  // The complaint may quote a part of the password, so only what resembles an option is repeated.
  auto const unknown = unknown_option(complaint);
  if (auto const meant = nearest(unknown, known_options()); meant && !unknown.empty()) {
    throw Failure(ErrorCode::config_invalid,
                  named + ": PostgreSQL has no connection option `" + unknown + "`",
                  "Did you mean `" + *meant + "`?");
  }
  throw Failure(ErrorCode::config_invalid,
                named + " is neither a PostgreSQL URL nor a keyword string",
                "Write it like postgresql://user@host:5432/affsync or host=… dbname=affsync.");
}

}  // namespace

config::Config with_readable_urls(config::Config config) {
  auto const& database = config.database;
  if (!database.embedded()) require_readable(database.url, "database.url", config.file);
  if (!database.read_url.empty()) {
    require_readable(database.read_url, "database.read_url", config.file);
  }
  return config;
}

}  // namespace affsync
