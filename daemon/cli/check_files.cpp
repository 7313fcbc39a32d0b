#include "daemon/cli/check_files.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>

#include "base/utf8.hpp"
#include "daemon/sync/file_patterns.hpp"
#include "daemon/sync/folder_files.hpp"
#include "daemon/sync/inbox.hpp"

namespace affsync::cli {
namespace {

struct FolderReader {
  PreparedSource const* source = nullptr;
  engine::StreamPlan const* plan = nullptr;
  std::filesystem::path folder;
  std::string pattern;
};

std::vector<FolderReader> readers_of(std::vector<PreparedSource> const& sources) {
  std::vector<FolderReader> readers;
  for (auto const& source : sources) {
    auto const folder = sync::folder_of(source.plan.base_url);
    if (!folder) continue;
    std::error_code error;
    // A slash at the end is no other folder.
    auto real = std::filesystem::weakly_canonical(*folder / "", error);
    if (error) real = *folder / "";
    for (auto const& plan : source.plan.streams) {
      if (!plan->spec->enabled || !plan->path_known) continue;
      readers.push_back({&source, plan.get(), real, sync::pattern_of(plan->spec->request.path)});
    }
  }
  return readers;
}

SourceCheck warning_of(FolderReader const& one, FolderReader const& other) {
  SourceCheck line;
  line.source = one.source->config->name;
  line.stream = one.plan->stream;
  line.result = "warning";
  line.detail = "reads files that another stream reads too";
  auto const& its = *other.source->config;
  bool const is_own = one.source == other.source;
  auto const whose = is_own ? std::string() : " of the source " + its.name + " (" + its.where + ")";
  Error error(ErrorCode::config_invalid,
              "a file in " + one.folder.string() + " may fit its path " + one.pattern +
                  " and that of the stream " + other.plan->stream + whose + ", " + other.pattern,
              is_own
                  ? "The one whose path says more of the name reads it, the other one does not. "
                    "Set `path` of one of them so that each name fits one stream."
                  : "Whichever looks first reads it, or both do, and its money counts twice. Give "
                    "each source a folder of its own.");
  error.at(one.source->config->where);
  line.error = std::move(error);
  return line;
}

}  // namespace

std::vector<SourceCheck> check_shared_files(std::vector<PreparedSource> const& sources) {
  std::vector<SourceCheck> lines;
  auto const readers = readers_of(sources);
  for (auto const& one : readers) {
    for (auto const& other : readers) {
      if (&other >= &one) break;
      if (one.folder != other.folder || !sync::may_share_a_name(one.pattern, other.pattern))
        continue;
      if (one.source != other.source && is_same_account(*one.source, *other.source)) continue;
      lines.push_back(warning_of(one, other));
      break;
    }
  }
  return lines;
}

std::vector<SourceCheck> check_file_names(std::vector<PreparedSource> const& sources) {
  constexpr std::size_t most = 100'000;
  std::vector<SourceCheck> lines;
  for (auto const& one : readers_of(sources)) {
    for (auto const& name : sync::names_in(one.folder, one.pattern, most)) {
      auto refusal = sync::refusal_of_name(one.folder / name);
      if (!refusal) continue;
      SourceCheck line;
      line.source = one.source->config->name;
      line.stream = one.plan->stream;
      line.result = "failed";
      line.detail = "a file whose name is not UTF-8";
      line.error = std::move(*refusal);
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::vector<SourceCheck> check_unread_files(std::vector<PreparedSource> const& sources) {
  constexpr std::size_t most = 20;
  std::vector<SourceCheck> lines;
  auto const readers = readers_of(sources);
  std::set<std::filesystem::path> seen;
  for (auto const& one : readers) {
    auto const warn = [&](std::string const& name, std::string detail, std::string why) {
      SourceCheck line;
      line.source = one.source->config->name;
      line.stream = one.plan->stream;
      line.result = "warning";
      line.detail = std::move(detail);
      line.remarks.push_back(name + ": " + std::move(why));
      lines.push_back(std::move(line));
    };
    auto failed = sync::failed_files(one.folder, one.pattern);
    std::erase_if(failed, [&](sync::NamedFile const& file) {
      return sync::better_reader(one.source->plan, *one.plan, file.name) != nullptr;
    });
    for (std::size_t i = 0; i < std::min(most, failed.size()); ++i) {
      warn(printable_utf8((one.folder / sync::failed_folder / failed[i].name).string()),
           "a file that could not be read",
           "the text beside it says why. Put a whole one into the folder, and move or delete this "
           "one; until then the stream is partial, unless a file of this name was read since");
    }
    if (!seen.insert(one.folder).second) continue;
    std::vector<std::string> patterns;
    for (auto const& other : readers) {
      if (other.folder == one.folder) patterns.push_back(other.pattern);
    }
    auto const now = std::chrono::system_clock::now();
    for (auto const& file : sync::unread_files(one.folder, patterns, now, most)) {
      warn((one.folder / file.name).string(), "a file that nobody reads", file.why);
    }
  }
  return lines;
}

}  // namespace affsync::cli
