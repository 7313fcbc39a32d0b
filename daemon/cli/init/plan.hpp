// All that `affsync init` has decided, and the trial of it before it is written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/model.hpp"
#include "daemon/cli/init/answers.hpp"
#include "daemon/cli/init/config_text.hpp"
#include "daemon/cli/init/local_server.hpp"
#include "daemon/cli/init/questions.hpp"

namespace affsync::cli {

// The configuration that is there already.
struct ExistingConfig {
  std::string text;
  config::Config config;
  std::optional<Error> error;  // it cannot be loaded; `config` is empty then
};

struct InitPlan {
  std::filesystem::path file;
  std::optional<ExistingConfig> existing;
  bool add = false;  // to the existing one; else it is replaced, or there is none
  std::optional<ServiceUser> service;
  SourceAnswers source;
  DatabaseAnswer database;
  std::string state_dir;  // of an embedded database
};

// Names of the sources that stay in the file.
std::vector<std::string> source_names(InitPlan const& plan);

// Returns the text of the whole file. Throws Failure(usage) if nothing can be added to it.
std::string text_of_plan(InitPlan const& plan, WrittenSecrets const& secrets);

// Returns a sentence if another source of the configuration reads the same account; else "".
std::string note_on_account(config::Config const& config, std::string const& source,
                            std::vector<engine::Manifest> const& manifests);

// Returns the configuration as it will be loaded. Throws Failure(config_invalid) for a value that
// the loader or the connector refuses.
config::Config tried_config(InitPlan const& plan, std::vector<engine::Manifest> const& manifests);

// Try the database, and the login and each stream, until they work or the user wants the file
// anyway. Each set of credentials is sent once. Return false if nothing shall be written. Throw the
// first error if nothing can be asked.
bool try_database(InitPlan& plan, Questions const& questions);
bool try_source(InitPlan& plan, std::vector<engine::Manifest> const& manifests,
                Questions const& questions);

}  // namespace affsync::cli
