// Finds out what `affsync init` has to write: from its options, from the environment, and on a
// terminal by asking.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/cli/commands.hpp"
#include "daemon/cli/init/answers.hpp"
#include "daemon/cli/init/local_server.hpp"
#include "daemon/cli/terminal/prompt.hpp"

namespace affsync::cli {

// Returns the connectors whose name, title or streams contain `word`, without regard to case; the
// one of exactly this name alone.
std::vector<engine::Manifest const*> find_connectors(std::string const& word,
                                                     std::vector<engine::Manifest> const& all);

class Questions {
 public:
  // `interactive`: what the options do not give is asked for, otherwise it is an error.
  Questions(InitOptions const& options, bool interactive)
      : options_(options), interactive_(interactive) {}

  bool interactive() const { return interactive_; }
  Prompt const& prompt() const { return prompt_; }

  // `for_service`: of the machine, which may write below /var/lib/affsync only. Throws
  // Failure(usage) for a wrong or missing option, and what Prompt throws.
  SourceAnswers source(std::vector<engine::Manifest> const& manifests,
                       std::vector<std::string> const& taken_names, bool for_service) const;
  // Asks for the credentials once more after a refusal.
  void credentials_again(SourceAnswers& source) const;
  // `state_dir`: of an embedded database.
  DatabaseAnswer database(std::optional<ServiceUser> const& user,
                          std::string const& state_dir) const;

 private:
  engine::Manifest connector(std::vector<engine::Manifest> const& manifests) const;
  std::string name(engine::Manifest const& manifest, std::vector<std::string> const& taken) const;
  std::string base_url(engine::Manifest const& manifest, bool for_service) const;
  std::vector<CredentialAnswer> given_credentials(engine::Manifest const& manifest) const;
  std::vector<CredentialAnswer> credentials(engine::Manifest const& manifest) const;
  std::map<std::string, std::string> settings(engine::Manifest const& manifest) const;
  CredentialAnswer ask_credential(engine::CredentialSpec const& spec, bool optional,
                                  std::string const& preset) const;
  DatabaseAnswer database_at(std::string const& url, std::string const& state_dir) const;

  InitOptions const& options_;
  bool interactive_;
  Prompt prompt_;
};

}  // namespace affsync::cli
