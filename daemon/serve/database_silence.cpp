#include "daemon/serve/database_silence.hpp"

#include <utility>

#include "daemon/reports/spans.hpp"
#include "daemon/serve/pending_call.hpp"

namespace affsync::serve {
namespace {

// A restart of the server is over by then.
constexpr std::chrono::seconds worth_telling{30};
constexpr std::chrono::seconds between_questions{15};
constexpr std::chrono::milliseconds patience{2'000};

boost::asio::awaitable<bool> ping(schema::Store& store) {
  co_await store.ping();
  co_return true;
}

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

DatabaseSilence::Told log_silence(Logger log) {
  return [log = std::move(log)](Duration lasted, std::optional<Error> const& problem) {
    auto const span = reports::span_text(lasted);
    if (!problem) return log.info("the database answers again", {{"after", span}});
    log.warn(Error(problem->code,
                   "the database has not answered for " + span + ": " + problem->message,
                   "Runs wait for it. Look at its server: its log, its disk, its processes."));
  };
}

boost::asio::awaitable<void> watch_for_silence(boost::asio::any_io_executor executor,
                                               schema::Store& store, Clock const& clock,
                                               async::Sleeper& sleeper, Logger log) {
  DatabaseSilence silence(log_silence(std::move(log)));
  std::shared_ptr<PendingCall<bool>> call;
  for (;;) {
    co_await sleeper.sleep(between_questions);
    // One that hangs is waited for, and none is asked beside it.
    if (!call || call->done()) call = PendingCall<bool>::start(executor, ping(store));
    std::optional<Error> problem;
    try {
      co_await PendingCall<bool>::wait(call, patience, "the database's answer");
    } catch (Failure const& failure) {
      problem = failure.error();
    }
    silence.on_answer(problem, clock.now());
  }
}

}  // namespace affsync::serve
