// A folder whose files are the answers of a source, `base_url: file:///…`: which files are there
// and whole, and where they go when they have been read.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace affsync::sync {

// Returns the folder that a base_url names; nullopt if it is no file URL.
std::optional<std::filesystem::path> folder_of(std::string_view base_url);

// The names that a stream reads: its path below the folder, such as "commissions*.csv".
std::string pattern_of(std::string_view request_path);

struct InboxFile {
  std::filesystem::path path;
  std::filesystem::file_time_type changed_at{};
  std::uintmax_t size = 0;
};

// What of a folder can be read.
struct InboxFiles {
  std::vector<InboxFile> whole;      // the one changed first comes first: a correction comes later
  std::vector<InboxFile> unsettled;  // changed a moment ago, or open for writing
};

// A file that was not changed for so long is whole, unless it is still open for writing. One that
// was moved here keeps its older time and needs no wait.
constexpr std::chrono::seconds settling_time{3};

// Throws Failure(bad_request) if there is no such folder, or it cannot be read.
InboxFiles list_inbox(std::filesystem::path const& folder, std::string const& pattern,
                      std::filesystem::file_time_type now);

// Returns the file's bytes. Errors: not_found, bad_request (it cannot be read), answer_too_large.
Result<std::string> read_whole_file(std::filesystem::path const& path);

// Moves the file to the subfolder `done` or `failed` of its folder, and writes `note` into a text
// beside it unless it is empty. A file of that name there stays; the moved one then gets a number.
// Returns the new place. Throws Failure(output_failed).
std::filesystem::path move_read_file(std::filesystem::path const& path,
                                     std::string const& subfolder, std::string const& note);

}  // namespace affsync::sync
