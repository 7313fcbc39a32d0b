// Finding, hiding and denying endpoints.
#include "tests/sandbox/endpoints.hpp"

#include <algorithm>
#include <stdexcept>

namespace affsync::sandbox {

Endpoints::Endpoints(std::vector<std::pair<std::string, std::string>> defaults,
                     EndpointOptions const& options) {
  for (auto& [name, path] : defaults)
    endpoints_.push_back({std::move(name), std::move(path), false, false});
  for (auto const& [name, path] : options.paths) need(name).path = path;
  for (auto const& name : options.hidden) need(name).hidden = true;
  for (auto const& name : options.denied) need(name).denied = true;
}

Endpoint* Endpoints::find(std::string_view name) {
  auto const found = std::find_if(endpoints_.begin(), endpoints_.end(),
                                  [&](Endpoint const& one) { return one.name == name; });
  return found == endpoints_.end() ? nullptr : &*found;
}

Endpoint& Endpoints::need(std::string_view name) {
  if (auto* endpoint = find(name)) return *endpoint;
  throw std::runtime_error("there is no endpoint '" + std::string(name) +
                           "'; there are: " + names());
}

std::string const& Endpoints::path(std::string_view name) const {
  return const_cast<Endpoints*>(this)->need(name).path;
}

Endpoint const* Endpoints::at(std::string_view path) const {
  auto const found = std::find_if(endpoints_.begin(), endpoints_.end(), [&](Endpoint const& one) {
    return one.path == path && !one.hidden;
  });
  return found == endpoints_.end() ? nullptr : &*found;
}

bool Endpoints::set(std::string_view name, std::string_view what) {
  auto* endpoint = find(name);
  if (!endpoint) return false;
  if (what == "hide" || what == "show") endpoint->hidden = what == "hide";
  if (what == "deny" || what == "allow") endpoint->denied = what == "deny";
  return true;
}

std::string Endpoints::names() const {
  std::string out;
  for (auto const& endpoint : endpoints_) out.append(out.empty() ? "" : " ").append(endpoint.name);
  return out;
}

}  // namespace affsync::sandbox
