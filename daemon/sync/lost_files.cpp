#include "daemon/sync/lost_files.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/sync/file_patterns.hpp"
#include "daemon/sync/folder_files.hpp"
#include "daemon/sync/inbox.hpp"
#include "schema/store/file_notes.hpp"

namespace affsync::sync {
namespace {

namespace fs = std::filesystem;

// A database that was restored lacks the latest ones.
constexpr std::size_t most_files = 1'000;

}  // namespace

boost::asio::awaitable<std::optional<Error>> find_lost_files(StreamTask const& task,
                                                             schema::Store& store,
                                                             fs::path const& folder,
                                                             async::Workers& disk, TimePoint now) {
  auto const done = folder / done_folder;
  auto& looks = task.session->done_looks();
  auto const state_now = [&] { return state_of_folder(done); };
  DoneLooks::Look look;
  look.at = now;
  look.folder = co_await disk.run(state_now);
  look.newest = co_await schema::newest_reading(store, task.id);
  auto names = looks.known(task.stream(), look.folder, look.newest, now);
  bool const is_listed = !names;
  if (is_listed) {
    auto const list = [&] {
      return names_in(done, pattern_of(task.plan->spec->request.path), most_files);
    };
    names = co_await disk.run(list);
    std::erase_if(*names, [&](std::string const& name) {
      return better_reader(task.session->plan(), *task.plan, name) != nullptr;
    });
  }
  std::vector<std::string> lost;
  if (!names->empty()) lost = co_await schema::never_read(store, task.id, std::move(*names));
  look.not_read = lost;
  if (is_listed) {
    looks.note(task.stream(), std::move(look));
  } else {
    looks.note_again(task.stream(), look.newest, lost);
  }
  if (lost.empty()) co_return std::nullopt;
  constexpr std::size_t most = 5;
  std::string text = lost.size() == 1 ? "1 file" : std::to_string(lost.size()) + " files";
  text += " of " + done.string() + (lost.size() == 1 ? " was" : " were") +
          " never read into this database, as after an older backup was restored: ";
  for (std::size_t i = 0; i < std::min(most, lost.size()); ++i) {
    text += (i == 0 ? "" : ", ") + lost[i];
  }
  if (lost.size() > most) text += " and " + std::to_string(lost.size() - most) + " more";
  co_return Error(ErrorCode::coverage_gap, std::move(text),
                  "Move them back to " + folder.string() +
                      ", and they are read again; or elsewhere, if they are of something else.");
}

}  // namespace affsync::sync
