// Finds and fills `${NAME}` placeholders in the texts of a manifest. They are filled in one pass,
// so a value that looks like a placeholder is never expanded.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace affsync::engine {

// Returns the names between `${` and `}`, in order; nullopt if a `${` is not closed.
std::optional<std::vector<std::string>> placeholder_names(std::string_view text);

// Returns the value of a name; nullopt leaves the placeholder as it is.
using PlaceholderLookup = std::function<std::optional<std::string>(std::string_view name)>;
std::string expand_placeholders(std::string_view text, PlaceholderLookup const& lookup);

// Returns "password" for "credentials.password" if `scope` is "credentials"; nullopt for other
// scopes.
std::optional<std::string_view> name_in_scope(std::string_view name, std::string_view scope);

}  // namespace affsync::engine
