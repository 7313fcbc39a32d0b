#include "connectors/engine/plan/credentials.hpp"

#include <optional>

#include "base/error.hpp"
#include "connectors/engine/manifest/placeholders.hpp"

namespace affsync::engine {

std::string with_credentials(std::string_view text, Credentials const& credentials,
                             Token const* token) {
  return expand_placeholders(text, [&](std::string_view name) -> std::optional<std::string> {
    if (name == "token" && token != nullptr) return token->text.reveal();
    if (name == "refresh_token" && token != nullptr) return token->refresh.reveal();
    if (auto const further = name_in_scope(name, "token"); further && token != nullptr) {
      auto const found = token->more.find(*further);
      if (found != token->more.end()) return found->second.reveal();
    }
    auto const credential = name_in_scope(name, "credentials");
    if (!credential) return std::nullopt;
    auto const found = credentials.find(std::string(*credential));
    if (found == credentials.end()) {
      throw Failure(ErrorCode::internal, "the plan needs the credential \"" +
                                             std::string(*credential) +
                                             "\", which it does not have");
    }
    return found->second.reveal();
  });
}

}  // namespace affsync::engine
