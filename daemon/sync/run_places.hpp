// Decides whether another run of the daemon may start: a bound on all runs, and for each source as
// many as it allows requests at a time. So a source with many streams takes no more places than it
// can use. A run waits here, before it begins, and nowhere else; those of `sync`, which waits for
// the streams that give others their values as well, wait at gates of sync_once.
#pragma once

#include <cstddef>
#include <map>
#include <memory>

#include "base/clock.hpp"
#include "daemon/sync/source_session.hpp"

namespace affsync::sync {

class RunPlaces {
 public:
  using SessionPtr = std::shared_ptr<SourceSession>;

  explicit RunPlaces(std::size_t most) : most_(most) {}
  RunPlaces(RunPlaces const&) = delete;
  RunPlaces& operator=(RunPlaces const&) = delete;

  // The place of one run, given up by the destructor.
  class Place {
   public:
    Place(RunPlaces& places, SessionPtr session) : places_(places), session_(std::move(session)) {
      ++places_.taken_[session_];
    }
    ~Place() {
      auto const taken = places_.taken_.find(session_);
      if (--taken->second == 0) places_.taken_.erase(taken);
    }
    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;

   private:
    RunPlaces& places_;
    SessionPtr session_;
  };

  // Whether the source has a place for another run.
  bool has_place(SessionPtr const& session) const {
    auto const taken = taken_.find(session);
    return taken == taken_.end() || taken->second < session->plan().rate.usable_concurrency();
  }

  // Whether all places are taken. The runs of a source that waits because its broker asked for it
  // take none: a few throttled sources must not hold up the others.
  bool are_taken(TimePoint now) const {
    std::size_t busy = 0;
    for (auto const& [session, runs] : taken_) {
      if (!session->waits_for_broker(now)) busy += static_cast<std::size_t>(runs);
    }
    return busy >= most_;
  }

 private:
  std::size_t most_;
  std::map<SessionPtr, int> taken_;
};

}  // namespace affsync::sync
