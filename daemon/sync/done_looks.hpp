// What a source has seen of its subfolder `done`, which has more files each day: they are listed
// again only if somebody else than this process has brought some, or the database is another one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/sync/inbox.hpp"

namespace affsync::sync {

class DoneLooks {
 public:
  // What a stream has seen.
  struct Look {
    std::optional<FileState> folder;    // before it was listed; nullopt: there was none
    std::optional<TimePoint> newest;    // reading that the database knew then
    TimePoint at{};                     // when it was listed
    std::vector<std::string> not_read;  // files that the database did not know
    Look() = default;
  };

  // Returns the names that are all that the database may lack, as the last look found; nullopt if
  // the files have to be listed. That is so at least once a day, because two changes of a folder
  // within one tick of its time look like one.
  std::optional<std::vector<std::string>> known(std::string const& stream,
                                                std::optional<FileState> const& folder,
                                                std::optional<TimePoint> newest,
                                                TimePoint now) const;
  void note(std::string const& stream, Look look);
  // The same names were asked for again, without a listing.
  void note_again(std::string const& stream, std::optional<TimePoint> newest,
                  std::vector<std::string> not_read);
  // This process has moved a file there that it has read: the folder was as `before`, and then as
  // `after`.
  void moved(std::optional<FileState> const& before, std::optional<FileState> const& after);

 private:
  std::map<std::string, Look> looks_;
};

}  // namespace affsync::sync
