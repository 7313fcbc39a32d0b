// A text file compiled into the binary (cmake/embed.cmake): connector files, migrations, views.
#pragma once

#include <string_view>

namespace affsync {

struct EmbeddedFile {
  std::string_view name;  // without its directory
  std::string_view text;
};

}  // namespace affsync
