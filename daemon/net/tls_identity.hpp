// The certificate and key of a server, from files that may be renewed while it runs.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"

namespace affsync::net {

// A certificate with its key, as connections use it.
class ServerIdentity;

// Files in PEM. Both are empty if the server speaks plain HTTP.
struct ServerTlsFiles {
  std::string certificate;  // with the chain
  std::string key;
  // Told, once for each change of a file, why renewed ones cannot be used. The ones before stay.
  std::function<void(Error const&)> on_refused = nullptr;
  bool wanted() const { return !certificate.empty(); }
};

// Errors: config_invalid if a file cannot be read, holds no certificate or no key, or if the key
// belongs to another certificate.
Result<std::shared_ptr<ServerIdentity>> load_identity(ServerTlsFiles const& files);

// Keeps the identity, and reads it again when a file has changed. If that fails, the old one stays.
class IdentityKeeper {
 public:
  explicit IdentityKeeper(ServerTlsFiles files) : files_(std::move(files)) {}
  // Reads the files for the first time.
  Result<void> load();
  // Returns null if no TLS is wanted.
  std::shared_ptr<ServerIdentity> current();

 private:
  std::string times() const;

  ServerTlsFiles files_;
  std::shared_ptr<ServerIdentity> identity_;
  std::string times_;  // when the files were written
};

}  // namespace affsync::net
