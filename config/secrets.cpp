#include "config/secrets.hpp"

#include <algorithm>

#include "config/secret_file.hpp"

namespace affsync::config {
namespace {

[[noreturn]] void missing(yaml::Node const& node, std::string message, std::string hint = {}) {
  Error error(ErrorCode::secret_missing, std::move(message), std::move(hint));
  throw Failure(std::move(error.at(node.where())));
}

// `written`: the path as a message may show it. A variable of the environment may hold a secret
// that was meant to be the secret itself, and not the name of its file.
std::string read_from(yaml::Node const& node, std::string const& what, std::string const& path,
                      std::string const& written, std::string const& hint = {}) {
  auto text = read_secret_file(path);
  if (!text) missing(node, what + ": cannot read " + written + ": " + text.error().message, hint);
  return std::move(*text);
}

// Refuses "$NAME" without braces, "%NAME%" and "$(NAME)". Other programs replace such variables;
// affsync would send the text to the broker as a wrong password.
void refuse_variable(yaml::Node const& node, std::string const& what, std::string_view text) {
  auto name = text;
  if (name.starts_with("$(") && name.ends_with(')')) {
    name = name.substr(2, name.size() - 3);
  } else if (name.starts_with('%') && name.size() > 2 && name.ends_with('%')) {
    name = name.substr(1, name.size() - 2);
  } else if (name.starts_with('$')) {
    name = name.substr(name.starts_with("$env:") ? 5 : 1);
  } else {
    return;
  }
  bool const is_name =
      name.size() > 1 && (name[0] == '_' || (name[0] >= 'A' && name[0] <= 'Z')) &&
      name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
  if (!is_name) return;
  node.fail(
      what + " looks like a variable without its braces, and would be sent as it is",
      "Write \"${NAME}\", with braces, for an environment variable; give a secret that really "
      "looks like this as {file: PATH}.");
}

bool has_password(std::string_view url) {
  auto const scheme = url.find("://");
  if (scheme == url.npos) return url.find("password") != url.npos;
  auto const authority = url.substr(scheme + 3, url.find('/', scheme + 3) - scheme - 3);
  auto const user = authority.substr(0, authority.find('@'));
  return user.size() < authority.size() && user.find(':') != user.npos;
}

// Not so a login's name, and a database's URL without a password.
bool is_worth_hiding(std::string_view what, std::string_view text) {
  if (what.starts_with("database.") || what == "proxy") return has_password(text);
  constexpr std::string_view words[] = {"pass", "secret", "key", "token", "webhook", "header"};
  return std::ranges::any_of(words, [&](auto word) { return what.find(word) != what.npos; });
}

Secret read_if_there(yaml::Node const& node, std::string const& what, Environment const& env) {
  if (node.is_scalar()) {
    auto text = node.text();
    if (text.empty()) missing(node, what + " is empty");
    refuse_variable(node, what, text);
    if (is_worth_hiding(what, text) && !node.is_expanded() && env.secret_files != nullptr) {
      env.secret_files->push_back(node.file());
    }
    return Secret(std::move(text));
  }
  if (node.is_null()) {
    missing(node, what + " is empty", "Put a text that begins with & or # in quotes.");
  }
  if (!node.is_map()) {
    node.fail(what + " must be a text, {file: PATH} or {credential: NAME}");
  }
  yaml::Map map(node, what);
  auto const file = map.find("file");
  auto const credential = map.find("credential");
  map.explain("env", "Write \"${NAME}\" for an environment variable.");
  map.finish();
  if (file.has_value() == credential.has_value()) {
    node.fail(what + " takes one of file and credential");
  }
  auto const note = [&](std::string const& path) {
    if (env.secret_files != nullptr) env.secret_files->push_back(path);
  };
  if (file) {
    Secret secret(read_from(*file, what, file->text(), file->written()));
    note(file->text());
    return secret;
  }

  auto const name = credential->text();
  if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..") {
    credential->fail("a credential's name is the name of a file, without a path");
  }
  auto const hint =
      "systemd hands it over at the start of a service, not at a reload: restart it "
      "once its unit has LoadCredential=" +
      credential->written() + ":PATH.";
  auto const directory = env("CREDENTIALS_DIRECTORY");
  if (!directory || directory->empty()) {
    missing(*credential, what + ": $CREDENTIALS_DIRECTORY is not set", hint);
  }
  Secret secret(read_from(*credential, what, *directory + "/" + name,
                          *directory + "/" + credential->written(), hint));
  note(*directory + "/" + name);
  return secret;
}

}  // namespace

Secret read_secret(yaml::Node const& node, std::string const& what, Environment const& env) try {
  return read_if_there(node, what, env);
} catch (Failure const& failure) {
  if (!env.stands_in || failure.error().code != ErrorCode::secret_missing) throw;
  return Secret(missing_secret);
}

}  // namespace affsync::config
