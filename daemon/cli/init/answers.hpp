// What `affsync init` knows of the configuration that it writes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::cli {

struct CredentialAnswer {
  std::string name;
  Secret value;
  std::string file;    // the user's own file that has it; empty: affsync makes one for a secret
  bool secret = true;  // false: written into the configuration, such as a login name
};

struct SourceAnswers {
  engine::Manifest manifest;
  std::string name;
  std::string base_url;  // empty: the connector's own
  std::vector<CredentialAnswer> credentials;
  std::map<std::string, std::string> settings;
};

struct DatabaseAnswer {
  bool given = true;        // false: the configuration that gets the source has one
  Secret url;               // `embedded`, or of libpq; may contain a password
  std::string state_dir;    // of an embedded one
  bool create = false;      // the role and the database are made before the file is written
  std::string description;  // "the database affsync of the PostgreSQL on this machine, as anna"
};

}  // namespace affsync::cli
