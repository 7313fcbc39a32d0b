// Computes a signature again, from what arrived and the connector's words, as a broker would.
// Shares no code with what signs requests, so that a mistake is not made twice.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::proof {

// Returns what is wrong with the signature of a request; nullopt if it is right. The request has
// the path of the base URL in its target, as it arrived.
std::optional<std::string> signature_complaint(engine::SourcePlan const& plan,
                                               HttpRequest const& request, TimePoint now);

// A further token of the same login.
std::string more_token(std::string const& token, std::string const& name);

// Fills in ${credentials.NAME}, ${token} and ${token.NAME}.
std::string filled_in(std::string text, engine::SourcePlan const& plan, std::string const& token);

std::string base64_of(std::string_view bytes);

}  // namespace affsync::proof
