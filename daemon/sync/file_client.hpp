// Answers requests to `base_url: file:///…` with the newest file that a stream reads, for commands
// that look at a source without reading it (check, inspect).
#pragma once

#include <filesystem>
#include <memory>

#include "daemon/net/http_client.hpp"

namespace affsync::sync {

std::unique_ptr<net::HttpClient> make_file_client(std::filesystem::path folder);

}  // namespace affsync::sync
