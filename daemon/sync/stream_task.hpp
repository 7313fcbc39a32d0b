// One stream of one source with everything that its runs need.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/schedule.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "daemon/sync/source_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

struct StreamTask {
  std::shared_ptr<SourceSession> session;  // shared by the source's streams
  std::shared_ptr<engine::StreamPlan const> plan;
  schema::StreamId id;  // source_id 0 without a database
  Schedule every;
  std::optional<Schedule> full_every;  // interval of passes over the whole history
  // When the stream is due according to the database; unset: now. The run itself asks again.
  std::optional<TimePoint> due_at;
  double mass_drop_limit = 0.1;
  // Set for a run over a file: its content as the only answer, or nothing for a run that only notes
  // that there is no file. Then nothing is requested.
  std::shared_ptr<std::optional<Result<engine::Answer>> const> file;
  std::string file_name;  // without its folder
  // Of a run that only notes that there is no file: what earlier ones left, which makes it partial.
  std::optional<Error> doubt;
  // For a run without a database: the values of `for_each` that another stream's rows have.
  std::vector<std::string> items;
  bool reconcile_warns = false;  // totals that differ are logged but do not make a run partial
  StreamTask() = default;
  bool has_no_file() const { return file && !*file; }
  // True if a file is read into a stream that the broker's API fills: where the API stands, and
  // which of its days are proven, is no matter of the file.
  bool is_beside_api() const;
  schema::RunInput input() const;
  // Returns the answer to a request: the file, or what the session fetches.
  asio::awaitable<Result<engine::Answer>> fetch(
      HttpRequest request, RunReport& report, std::shared_ptr<bool const> is_asked = nullptr) const;
  // The stream whose rows give the values of `for_each`; empty if none does.
  std::string const& stream_of_items() const;
  std::string const& source() const { return plan->source; }
  std::string const& stream() const { return plan->stream; }
};

}  // namespace affsync::sync
