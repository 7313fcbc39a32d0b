// The state of a run and its steps. Only the files that implement them include it: stream_run.cpp
// begins and ends the run, stream_pages.cpp reads and stores its pages.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/sync/map_anew.hpp"
#include "daemon/sync/page_queue.hpp"
#include "daemon/sync/pass_notes.hpp"
#include "daemon/sync/pass_verdict.hpp"
#include "daemon/sync/personal_parts.hpp"
#include "daemon/sync/prefetch.hpp"
#include "daemon/sync/standing_doubt.hpp"
#include "daemon/sync/stream_run.hpp"

namespace affsync::sync {

using engine::PageRead;
using engine::SliceEnd;
using engine::StreamReader;

class StreamRun {
 public:
  StreamRun(StreamTask task, RunOptions options, RunParts parts, Logger log)
      : task_(std::move(task)),
        options_(options),
        parts_(parts),
        log_(log.with("source", task_.source()).with("stream", task_.stream())),
        notes_(log_) {
    report_.source = task_.source();
    report_.stream = task_.stream();
    report_.table = task_.plan->table().name;
    report_.dry_run = parts_.store == nullptr;
    personal_ = personal_parts(*task_.plan);
    map_anew_ = map_anew(task_.plan);
    verdict_.set_stream(task_.source(), task_.stream());
    if (task_.file) verdict_.set_advice_of_file(advice_of_mass_drop(task_.source()));
  }

  asio::awaitable<RunReport> run();

 private:
  enum class Begun { reading, refused, not_due };
  asio::awaitable<Begun> begin();
  asio::awaitable<Begun> try_to_begin();
  asio::awaitable<void> read_all();
  Error nothing_asked() const;
  std::optional<Day> first_day() const;
  asio::awaitable<void> read_pages();
  asio::awaitable<void> write_pages();
  asio::awaitable<void> store(WaitingPage page);
  asio::awaitable<void> close_slice(SliceEnd end);
  bool is_full_pass() const;
  asio::awaitable<void> close_pass();
  asio::awaitable<void> read_next(HttpRequest request);
  asio::awaitable<void> take_answer(std::string place, Prefetch::Fetched fetched);
  asio::awaitable<Result<PageRead>> map(engine::Answer answer, TimePoint arrived_at);
  asio::awaitable<void> end();
  void note_where();
  void log_waits() const;
  void fail(Error error);
  void fail_to_end(Error error);
  void stop(Error error);  // and reads no further

  StreamTask task_;
  RunOptions options_;
  RunParts parts_;
  Logger log_;
  PassNotes notes_;
  RunReport report_;
  schema::RunKey key_;
  std::shared_ptr<schema::PersonalParts const> personal_;
  std::shared_ptr<schema::MapAnew const> map_anew_;
  std::shared_ptr<schema::AskedItems const> asked_items_;
  std::unique_ptr<schema::Lease> lease_;
  std::optional<StreamReader> reader_;
  std::int64_t expected_before_ = 0;  // expected rows of the slices that have ended
  bool takes_rows_ = false;           // a row of the pass went to a table or to quarantine
  std::int64_t contradicting_ = 0;    // rows whose relative time contradicts earlier readings
  std::optional<std::int64_t> expected_;
  bool has_rows_ = false;         // a run before this one succeeded
  bool hardly_changes_ = false;   // nearly all rows of the last write were stored as they are
  bool has_quarantined_ = false;  // the slice has quarantined rows that are not accepted
  bool doubted_before_ = false;   // the slice that was closed last is read again
  std::vector<schema::TableKeys> left_out_;  // stored rows that the connector now leaves out
  bool begun_ = false;
  bool read_to_end_ = false;  // all slices were read and closed
  std::string first_cursor_;  // the cursor at the start of the run
  PassVerdict verdict_;
  std::optional<Prefetch> prefetch_;
  std::optional<PageRead> ready_;               // a page that was read and is not in the queue yet
  std::shared_ptr<void const> place_of_ready_;  // see HttpResponse::place
  std::optional<PageQueue> queue_;
  bool reading_ = true;  // until the pass has ended, or failed
};

}  // namespace affsync::sync
