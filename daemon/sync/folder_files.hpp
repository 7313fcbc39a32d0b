// The names in a folder of files and its subfolders: which ones a stream reads, and which nobody
// does.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace affsync::sync {

// Whether a program writes under this name until a file is whole, or the file is hidden.
bool is_temporary(std::string const& name);

// Whether a name fits the pattern of a stream.
bool fits(std::string const& name, std::string const& pattern);

// Whether this is the text that says what is wrong with a file, and not a file: it is called as one
// of the folder or of its subfolders, with `.txt`. Whoever moves files back may take it along.
bool is_text_of_another(std::filesystem::path const& folder, std::string const& name);

struct NamedFile {
  std::string name;
  std::chrono::system_clock::time_point changed_at;  // also by the move to this folder
};

// The files of a folder that fit, those that came there last first, so many at most. None if the
// folder cannot be read, or is a link.
std::vector<NamedFile> files_in(std::filesystem::path const& folder, std::string const& pattern,
                                std::size_t most);
std::vector<std::string> names_in(std::filesystem::path const& folder, std::string const& pattern,
                                  std::size_t most);

// The files of the subfolder `failed` that fit. A text whose file was taken away is none.
std::vector<NamedFile> failed_files(std::filesystem::path const& inbox, std::string const& pattern);

struct UnreadFile {
  std::string name;  // as it can be shown
  std::string why;   // a sentence, without the name
};

// The files of an inbox that are read by nobody, so many at most: their names fit no pattern, or
// they are links, or are taken for a text. Those that were changed a moment ago are left out, and
// those that are not whole by their name. None if the folder cannot be read.
std::vector<UnreadFile> unread_files(std::filesystem::path const& inbox,
                                     std::vector<std::string> const& patterns,
                                     std::chrono::system_clock::time_point now, std::size_t most);

}  // namespace affsync::sync
