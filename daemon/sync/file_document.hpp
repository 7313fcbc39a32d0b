// A file as the answer of a stream: what is in it, which days it is about, and the plan to read it
// by. Performs no I/O.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/day_span.hpp"
#include "connectors/engine/stream_reader.hpp"

namespace affsync::sync {

struct FileDocument {
  Result<engine::Answer> answer = Error();
  std::optional<DaySpan> days;  // of the column that the stream's window filters on
  std::int64_t rows = 0;
  std::int64_t without_day = 0;  // rows that lack that column
  ContentHash hash;
  FileDocument() = default;
};

// Reads the bytes as an answer with a good status, by the connector's own rules. `now`: for dates
// in words.
FileDocument read_file_document(std::string bytes, engine::SourcePlan const& source,
                                std::shared_ptr<engine::StreamPlan const> const& plan,
                                TimePoint now);

// Returns the plan that reads one file: a single page, and one slice, the period; or its days one
// by one, as a pass asks for them, if rows keep the day of their window. Without one, or unless the
// stream says that a file replaces its days, rows are only added and changed, never marked as
// vanished: other files hold other rows.
std::shared_ptr<engine::StreamPlan const> plan_of_file(engine::StreamPlan const& plan,
                                                       std::optional<DaySpan> period);

// Returns why the period cannot be read from one file: the rows get their day from the request's
// window, and do not tell which of several windows they are of. nullopt if it can.
std::optional<Error> refusal_of_period(engine::StreamPlan const& plan, DaySpan const& period);

}  // namespace affsync::sync
