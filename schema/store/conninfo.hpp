// Quotes values of libpq's connection strings.
#pragma once

#include <string>
#include <string_view>

namespace affsync::schema {

// Returns the value as it follows `keyword=`.
inline std::string conninfo_value(std::string_view value) {
  std::string text = "'";
  for (char const c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

}  // namespace affsync::schema
