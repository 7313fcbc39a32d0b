#include "daemon/sync/folder_files.hpp"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "daemon/sync/inbox.hpp"

namespace affsync::sync {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view ending_of_texts = ".txt";

// Of the thing itself, if it is a link.
std::optional<struct stat> look_at(fs::path const& path) {
  struct stat found = {};
  if (::lstat(path.c_str(), &found) != 0) return std::nullopt;
  return found;
}

std::chrono::system_clock::time_point to_time(timespec const& time) {
  return std::chrono::system_clock::time_point(std::chrono::seconds(time.tv_sec) +
                                               std::chrono::nanoseconds(time.tv_nsec));
}

// nullopt if this cannot be a text.
std::optional<std::string> file_of_text(std::string const& name) {
  if (!name.ends_with(ending_of_texts) || name.size() == ending_of_texts.size()) {
    return std::nullopt;
  }
  return name.substr(0, name.size() - ending_of_texts.size());
}

}  // namespace

bool is_temporary(std::string const& name) {
  constexpr std::string_view endings[] = {"~",         ".tmp",        ".part",       ".partial",
                                          ".filepart", ".crdownload", ".opdownload", ".download"};
  auto const plain = to_lower(name);
  return name.starts_with('.') || name.starts_with("~$") ||
         std::ranges::any_of(endings, [&](std::string_view one) { return plain.ends_with(one); });
}

bool fits(std::string const& name, std::string const& pattern) {
  return fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0;
}

bool is_text_of_another(fs::path const& folder, std::string const& name) {
  auto const whose = file_of_text(name);
  return whose && (look_at(folder / *whose) || look_at(folder / done_folder / *whose) ||
                   look_at(folder / failed_folder / *whose));
}

std::vector<NamedFile> files_in(fs::path const& folder, std::string const& pattern,
                                std::size_t most) {
  std::vector<NamedFile> found;
  std::error_code error;
  if (!fs::is_directory(fs::symlink_status(folder, error))) return {};
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    auto name = entry->path().filename().string();
    if (is_temporary(name) || !fits(name, pattern) || is_text_of_another(folder, name)) continue;
    auto const state = look_at(entry->path());
    if (!state || !S_ISREG(state->st_mode)) continue;
    found.push_back({std::move(name), to_time(state->st_ctim)});
  }
  std::ranges::sort(found, [](NamedFile const& left, NamedFile const& right) {
    return std::tie(right.changed_at, left.name) < std::tie(left.changed_at, right.name);
  });
  if (found.size() > most) found.resize(most);
  return found;
}

std::vector<std::string> names_in(fs::path const& folder, std::string const& pattern,
                                  std::size_t most) {
  std::vector<std::string> names;
  for (auto& file : files_in(folder, pattern, most)) names.push_back(std::move(file.name));
  return names;
}

std::vector<NamedFile> failed_files(fs::path const& inbox, std::string const& pattern) {
  constexpr std::size_t most = 1'000;
  auto const folder = inbox / failed_folder;
  auto files = files_in(folder, pattern, most);
  std::erase_if(files, [&](NamedFile const& file) {
    // A file lies here beside its text, so without one it may be a text itself.
    auto const whose = file_of_text(file.name);
    return whose && fits(*whose, pattern) &&
           !look_at(folder / (file.name + std::string(ending_of_texts)));
  });
  return files;
}

std::vector<UnreadFile> unread_files(fs::path const& inbox,
                                     std::vector<std::string> const& patterns,
                                     std::chrono::system_clock::time_point now, std::size_t most) {
  std::vector<UnreadFile> unread;
  std::error_code error;
  for (fs::directory_iterator entry(inbox, error), end; !error && entry != end;
       entry.increment(error)) {
    if (unread.size() == most) break;
    auto const name = entry->path().filename().string();
    auto const state = look_at(entry->path());
    bool const is_link = state && S_ISLNK(state->st_mode);
    if (!state || is_temporary(name) || (!is_link && !S_ISREG(state->st_mode))) continue;
    auto const changed_at = to_time(state->st_mtim);
    if (!is_link && changed_at <= now && now - changed_at < settling_time) continue;
    bool const is_fitting = std::ranges::any_of(
        patterns, [&](std::string const& pattern) { return fits(name, pattern); });
    if (is_fitting && is_link) {
      unread.push_back({printable_utf8(name), "it is a link; copy or move the file itself"});
    } else if (is_text_of_another(inbox, name)) {
      // What affsync wrote is nothing to read. But a broker may name files like this as well.
      if (is_fitting) {
        unread.push_back({printable_utf8(name),
                          "it is called as a text of affsync on another file; delete it, or "
                          "rename it if it is an export"});
      }
    } else if (!is_fitting && !is_link) {
      unread.push_back({printable_utf8(name),
                        "its name fits `path` of no stream that is on (upper and lower case "
                        "differ); rename it, or change `path`"});
    }
  }
  std::ranges::sort(unread, {}, &UnreadFile::name);
  return unread;
}

}  // namespace affsync::sync
