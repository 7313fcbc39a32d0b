// What a user has put into the database beside affsync's schemas: no backup holds it.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "daemon/backup/plain_connection.hpp"

namespace affsync::backup {

// "table public.notes" and so on: relations, functions and empty schemas outside the schemas
// `affsync` and `reporting`, without those of extensions. Sorted by kind and name.
Result<std::vector<std::string>> own_objects(PlainConnection& connection);

// "table public.notes, view mine.top and 3 more".
std::string some_of(std::vector<std::string> const& objects);

}  // namespace affsync::backup
