// A folder whose files are the answers of a source, `base_url: file:///…`: which files are there
// and whole, and where they go when they have been read.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
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

// Tells without reading a file whether it is the one that was seen, with the same content.
struct FileState {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::chrono::system_clock::time_point modified_at;  // its content
  std::chrono::system_clock::time_point changed_at;  // also its rights and names; nobody can set it
  FileState() = default;
  bool operator==(FileState const&) const = default;
};

struct InboxFile {
  std::filesystem::path path;
  FileState state;
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
                      std::chrono::system_clock::time_point now);

// Returns why a file of this name cannot be read: the database and every message hold its name, so
// that has to be UTF-8. nullopt if it is.
std::optional<Error> refusal_of_name(std::filesystem::path const& path);

// Where files go that were read, and those that cannot be.
inline constexpr char const* done_folder = "done";
inline constexpr char const* failed_folder = "failed";

// Tells whether files came to a folder, or went; nullopt if it is no folder, or cannot be looked
// at.
std::optional<FileState> state_of_folder(std::filesystem::path const& folder);

// Returns the file's bytes; follows links. Errors: not_found, bad_request (it cannot be read, or
// was changed meanwhile), answer_too_large.
Result<std::string> read_whole_file(std::filesystem::path const& path);

// Returns the bytes of a file as it was listed; nullopt if it was changed, replaced or taken away
// since then, or is open for writing. Errors: bad_request (it cannot be read), answer_too_large.
Result<std::optional<std::string>> read_inbox_file(InboxFile const& listed);

// Returns a number, from 2 on, that is free: 2 itself, or one that follows a taken one. It asks
// about few of them, however many are taken.
int free_number(std::function<bool(int)> const& is_taken);

// Moves a file that was read as it was listed to the subfolder `done` or `failed` of its folder,
// and writes `note` into a text beside it unless it is empty. A file of that name there stays; the
// moved one then gets a number. Returns the new place; nullopt if the file was changed, replaced or
// taken away since it was listed, or is open for writing: then nothing is moved. Throws
// Failure(output_failed), also if the subfolder is a link.
std::optional<std::filesystem::path> move_read_file(InboxFile const& read,
                                                    std::string const& subfolder,
                                                    std::string const& note);

}  // namespace affsync::sync
