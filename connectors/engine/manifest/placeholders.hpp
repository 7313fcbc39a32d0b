// `${NAME}` places in the texts of a manifest: finding, checking and filling them in one pass, so
// that a value which looks like a place is never filled in again.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace affsync::engine {

// The names between `${` and `}`, in order; nullopt when a `${` is never closed.
std::optional<std::vector<std::string>> placeholder_names(std::string_view text);

// The value of a name, or nullopt to leave its place as it is.
using PlaceholderLookup = std::function<std::optional<std::string>(std::string_view name)>;
std::string expand_placeholders(std::string_view text, PlaceholderLookup const& lookup);

// "password" of "credentials.password" when `scope` is "credentials"; nullopt for other scopes.
std::optional<std::string_view> name_in_scope(std::string_view name, std::string_view scope);

}  // namespace affsync::engine
