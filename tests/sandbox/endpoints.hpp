// The paths of a broker by name: where each is, whether it is there at all (else 404), and whether
// the credentials may use it (else 403).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace affsync::sandbox {

struct EndpointOptions {
  std::vector<std::pair<std::string, std::string>> paths;  // name, path instead of the default
  std::vector<std::string> hidden, denied;                 // names
};

struct Endpoint {
  std::string name, path;
  bool hidden = false, denied = false;
};

class Endpoints {
 public:
  // `defaults`: name and path of each. Throws std::runtime_error for a name that is not there.
  Endpoints(std::vector<std::pair<std::string, std::string>> defaults,
            EndpointOptions const& options);

  std::string const& path(std::string_view name) const;
  // What stands at that path and is not hidden; nullptr when nothing does.
  Endpoint const* at(std::string_view path) const;
  // `what`: hide, show, deny or allow. False when there is no endpoint of that name.
  bool set(std::string_view name, std::string_view what);
  std::string names() const;  // blank-separated

 private:
  Endpoint* find(std::string_view name);
  Endpoint& need(std::string_view name);

  std::vector<Endpoint> endpoints_;
};

}  // namespace affsync::sandbox
