// Decides whether another run of the daemon may start: a bound on all runs, and for each source as
// many as it allows requests at a time. So a source with many streams takes no more places than it
// can use, and those of brokers that do not answer leave half of the places to the others. A run
// waits here, before it begins, and nowhere else; those of `sync`, which waits for the streams that
// give others their values as well, wait at gates of sync_once.
#pragma once

#include <algorithm>
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
  // take none: a few throttled sources must not hold up the others. Those that began before it was
  // known that their brokers are silent do not count beyond the half that is for them.
  bool are_taken(TimePoint now) const {
    auto const [busy, silent] = count(now);
    return busy + std::min(silent, for_silent()) >= most_;
  }

  // Whether a run may begin although the broker of its source did not answer last. It waits for its
  // time limit, several times, while others could be read.
  bool has_place_for_silent(TimePoint now) const { return count(now).silent < for_silent(); }

 private:
  struct Count {
    std::size_t busy = 0, silent = 0;
  };

  std::size_t for_silent() const { return std::max<std::size_t>(1, most_ / 2); }

  Count count(TimePoint now) const {
    Count all;
    for (auto const& [session, runs] : taken_) {
      if (session->waits_for_broker(now)) continue;
      (session->is_silent() ? all.silent : all.busy) += static_cast<std::size_t>(runs);
    }
    return all;
  }

  std::size_t most_;
  std::map<SessionPtr, int> taken_;
};

}  // namespace affsync::sync
