#include "daemon/serve/database_silence.hpp"

namespace affsync::serve {
namespace {

// A restart of the server is over by then.
constexpr std::chrono::seconds worth_telling{30};

}  // namespace

void DatabaseSilence::on_answer(std::optional<Error> const& problem, TimePoint now) {
  if (!problem) {
    if (is_told_ && told_) told_(now - *since_, problem);
    since_.reset();
    is_told_ = false;
    return;
  }
  // After a clock that was set back it is counted anew.
  if (!since_ || now < *since_) since_ = now;
  if (is_told_ || now - *since_ < worth_telling) return;
  is_told_ = true;
  if (told_) told_(now - *since_, problem);
}

}  // namespace affsync::serve
