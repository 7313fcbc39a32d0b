#include "config/environment.hpp"

#include <cstdlib>

#include "config/secret_file.hpp"

namespace affsync::config {
namespace {

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  for (char c : name) {
    bool const allowed =
        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!allowed) return false;
  }
  return true;
}

// Returns the variable NAME, else what stands in the file that NAME_FILE names.
std::string value_of(std::string const& name, Environment const& env) {
  if (auto value = env(name)) return std::move(*value);
  auto const file = env(name + "_FILE");
  if (!file) {
    if (env.stands_in) return missing_secret;
    throw Failure(ErrorCode::secret_missing, "the environment variable " + name + " is not set",
                  "Set it, or give the value another way: {file: PATH} for a secret.");
  }
  auto text = read_secret_file(*file);
  if (!text) {
    if (env.stands_in) return missing_secret;
    throw Failure(ErrorCode::secret_missing, "the environment variable " + name + "_FILE names " +
                                                 *file +
                                                 ", which cannot be read: " + text.error().message);
  }
  if (env.secret_files != nullptr && !file->starts_with("/run/secrets/")) {
    env.secret_files->push_back(*file);
  }
  return std::move(*text);
}

}  // namespace

Environment process_environment() {
  return [](std::string const& name) -> std::optional<std::string> {
    char const* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

std::optional<std::string> expand_environment(std::string const& written, Environment const& env) {
  if (written.find("${") == std::string::npos) return std::nullopt;
  std::string out;
  for (std::size_t at = 0;;) {
    auto const open = written.find("${", at);
    out.append(written, at, open - at);
    if (open == std::string::npos) return out;
    if (open > at && written[open - 1] == '$') {  // "$${": the second $ was copied already
      out += '{';
      at = open + 2;
      continue;
    }
    auto const close = written.find('}', open);
    // Do not quote the text: it may be a password that contains "${".
    auto const name =
        close == std::string::npos ? std::string() : written.substr(open + 2, close - open - 2);
    if (!is_variable_name(name)) {
      throw Failure(ErrorCode::config_invalid, "a ${ without a variable's name and }",
                    "Write ${NAME} for an environment variable, $${ for a literal ${.");
    }
    out += value_of(name, env);
    at = close + 1;
  }
}

}  // namespace affsync::config
