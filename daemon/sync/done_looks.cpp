#include "daemon/sync/done_looks.hpp"

#include <utility>

namespace affsync::sync {
namespace {

constexpr auto longest = std::chrono::hours(24);

}  // namespace

std::optional<std::vector<std::string>> DoneLooks::known(std::string const& stream,
                                                         std::optional<FileState> const& folder,
                                                         std::optional<TimePoint> newest,
                                                         TimePoint now) const {
  auto const found = looks_.find(stream);
  if (found == looks_.end()) return std::nullopt;
  auto const& look = found->second;
  // A database that was restored meanwhile has lost its newest readings.
  bool const is_older = newest < look.newest;
  bool const is_long_ago = now < look.at || now - look.at >= longest;
  if (look.folder != folder || is_older || is_long_ago) return std::nullopt;
  return look.not_read;
}

void DoneLooks::note(std::string const& stream, Look look) {
  looks_[stream] = std::move(look);
}

void DoneLooks::note_again(std::string const& stream, std::optional<TimePoint> newest,
                           std::vector<std::string> not_read) {
  auto& look = looks_[stream];
  look.newest = newest;
  look.not_read = std::move(not_read);
}

void DoneLooks::moved(std::optional<FileState> const& before,
                      std::optional<FileState> const& after) {
  for (auto& [stream, look] : looks_) {
    if (look.folder == before) look.folder = after;
  }
}

}  // namespace affsync::sync
