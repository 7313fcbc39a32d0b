// The endpoints of a broker by name: the path of each, whether it exists (else 404), and whether
// the credentials may use it (else 403).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace affsync::sandbox {

struct EndpointOptions {
  std::vector<std::pair<std::string, std::string>>
      paths;                                // name, and the path that replaces its default
  std::vector<std::string> hidden, denied;  // names
};

struct Endpoint {
  std::string name, path;
  bool hidden = false, denied = false;
};

class Endpoints {
 public:
  // `defaults`: name and path of each. Throws std::runtime_error if an option names an unknown
  // endpoint.
  Endpoints(std::vector<std::pair<std::string, std::string>> defaults,
            EndpointOptions const& options);

  std::string const& path(std::string_view name) const;
  // The endpoint at that path, unless it is hidden; nullptr if there is none.
  Endpoint const* at(std::string_view path) const;
  // `what`: hide, show, deny or allow. Returns false if there is no endpoint of that name.
  bool set(std::string_view name, std::string_view what);
  std::string names() const;  // separated by spaces

 private:
  Endpoint* find(std::string_view name);
  Endpoint& need(std::string_view name);

  std::vector<Endpoint> endpoints_;
};

}  // namespace affsync::sandbox
