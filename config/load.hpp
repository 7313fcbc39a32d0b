// Reads the user's YAML into Config, without side effects. Every error names file, line and column,
// and for an unknown key the most similar known key. No message contains a secret.
//
// Relative paths in it (state_dir, connectors_dir, ca_file, {file: ...}) are relative to the
// current directory of the process, not to the file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/yaml/key_watcher.hpp"
#include "config/model.hpp"

namespace affsync::config {

// Returns an environment variable. A parameter, so that tests need not change the process
// environment.
struct Environment : std::function<std::optional<std::string>(std::string const& name)> {
  using function::function;
  // A secret that is missing is replaced by `missing_secret` instead of refused.
  bool stands_in = false;
  // Where the files that secrets were read from are noted, but for those that a container engine
  // puts below /run/secrets: everyone may read them, but nobody else is there.
  std::vector<std::string>* secret_files = nullptr;
};
Environment process_environment();

// A text that is valid wherever a secret is. The name is reserved for what never exists (RFC 2606).
inline constexpr char const* missing_secret = "https://secret-is-missing.invalid";

// What a command needs of the secrets: a service may have some that a user's shell does not have,
// such as credentials of systemd.
enum class Secrets { all, of_database };

// An empty text and an empty list of sources are fine here; what needs a source says so itself.
// Errors: config_invalid, secret_missing; also for a file that cannot be read.
Result<Config> parse_config(std::string_view yaml, std::string const& file, Environment const& env,
                            yaml::KeyWatcher const& watcher = {});
// With Secrets::of_database, `missing_secret` stands in for those of brokers, receivers of alerts
// and the page that are missing.
Result<Config> load_config(std::string const& file, Environment const& env,
                           Secrets needed = Secrets::all);

// Returns --config, else $AFFSYNC_CONFIG, else ./affsync.yaml, else /etc/affsync/affsync.yaml.
// Does not check that the first two exist: load_config reports what is wrong with a requested file.
// Errors: config_invalid with the paths that were tried.
Result<std::string> find_config_file(std::string const& option, Environment const& env);

}  // namespace affsync::config
