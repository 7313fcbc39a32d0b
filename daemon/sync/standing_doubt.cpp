#include "daemon/sync/standing_doubt.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "daemon/sync/file_patterns.hpp"
#include "daemon/sync/folder_files.hpp"
#include "daemon/sync/inbox.hpp"
#include "schema/store/file_notes.hpp"

namespace affsync::sync {
namespace {

constexpr std::size_t most_named = 5;

std::string listed(std::vector<std::string> const& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(most_named, names.size()); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > most_named) {
    text += " and " + std::to_string(names.size() - most_named) + " more";
  }
  return text;
}

}  // namespace

std::string advice_of_mass_drop(std::string const& source) {
  return "If they are really gone, set `mass_drop: 100%` of the source, read the file again "
         "(`affsync import FILE --source " +
         source + "`, or move it from `done` back into the folder), and take it out again.";
}

boost::asio::awaitable<std::optional<Error>> find_standing_doubt(StreamTask const& task,
                                                                 schema::Store& store,
                                                                 std::filesystem::path folder,
                                                                 async::Workers& disk) {
  auto const list = [&] { return failed_files(folder, pattern_of(task.plan->spec->request.path)); };
  auto files = co_await disk.run(list);
  std::vector<schema::FailedFile> failed;
  for (auto& file : files) {
    // The text beside it has its name too, so that it is UTF-8 is no matter of this.
    if (refusal_of_name(file.name)) continue;
    if (better_reader(task.session->plan(), *task.plan, file.name) != nullptr) continue;
    schema::FailedFile one;
    one.name = std::move(file.name);
    one.since = std::chrono::floor<TimePoint::duration>(file.changed_at);
    failed.push_back(std::move(one));
  }
  std::vector<std::string> unread;
  if (!failed.empty()) {
    unread = co_await schema::not_read_since(store, task.id, std::move(failed));
  }
  std::vector<std::string> in_doubt;
  for (auto const& file : co_await schema::files_in_doubt(store, task.id)) {
    in_doubt.push_back(file.name + " (" + std::to_string(file.rows) + ")");
  }
  if (unread.empty() && in_doubt.empty()) co_return std::nullopt;
  std::string text, hint;
  if (!in_doubt.empty()) {
    text =
        "rows that files lack still count, because more than `mass_drop` would be gone at once: " +
        listed(in_doubt);
    hint = advice_of_mass_drop(task.source());
  }
  if (!unread.empty()) {
    text += (text.empty() ? "" : "; also: ") + (folder / failed_folder).string() +
            " holds what could not be read: " + listed(unread);
    hint += std::string(hint.empty() ? "" : " ") +
            "The text beside a file in `failed` says what is wrong with it: put a whole one into "
            "the folder, and move or delete the one in `failed`.";
  }
  auto const code = in_doubt.empty() ? ErrorCode::coverage_gap : ErrorCode::mass_drop;
  co_return Error(code, std::move(text), std::move(hint));
}

boost::asio::awaitable<void> tell_unread_files(StreamTask const& task, std::filesystem::path folder,
                                               Logger const& log, async::Workers& disk) {
  constexpr std::size_t most = 20;
  std::vector<std::string> patterns;
  for (auto const& stream : task.session->plan().streams) {
    if (!stream->spec->enabled || !stream->path_known) continue;
    patterns.push_back(pattern_of(stream->spec->request.path));
  }
  // Without streams, those of a test, the task's own is all there is.
  if (patterns.empty()) patterns.push_back(pattern_of(task.plan->spec->request.path));
  auto const look = [&] {
    return unread_files(folder, patterns, std::chrono::system_clock::now(), most);
  };
  auto const own = log.with("source", task.source());
  for (auto const& file : co_await disk.run(look)) {
    if (!task.session->is_news(file.name)) continue;
    own.warn("nobody reads " + file.name + " in " + folder.string() + ": " + file.why);
  }
}

}  // namespace affsync::sync
