// The requests of a login, and other texts with credentials. Internal to the manifest parser.
#pragma once

#include <string>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

namespace affsync::engine::grammar {

inline constexpr Placeholders secret_placeholders{.credentials = true, .settings = true};

// Reads a text that must have a credential in it.
std::string read_credential_text(yaml::Node const& node, Declared const& declared);

// Reads the address of a login at another host than base_url.
std::string read_login_url(yaml::Node const& node);

// Reads `user` and `password`. One of them must have a credential in it.
BasicAuth read_user_and_password(ObjectMap& map, Declared const& declared);

// Reads `login`. Its host, its rate and what it sends as HTTP Basic go to `auth`.
RequestSpec read_login(yaml::Node const& node, Declared const& declared, LoginTokenAuth& auth);
RefreshSpec read_refresh(yaml::Node const& node, Declared const& declared);

}  // namespace affsync::engine::grammar
