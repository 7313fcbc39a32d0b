// State machine that reads one stream, without I/O. It decides which page to request and converts
// the answers to batches; the run that owns it sends, stores and waits. One reader serves one run.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/http_message.hpp"
#include "base/json.hpp"
#include "base/redact.hpp"
#include "connectors/engine/answer/asked_for.hpp"
#include "connectors/engine/paging/reader_start.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/rows/page_read.hpp"

namespace affsync::engine {

// An answer that classify() accepted.
struct Answer {
  Json body;
  Headers headers;
  int status = 200;
  std::optional<TimePoint> server_time;     // its Date header
  bool no_rows = false;                     // classified as "no rows", whatever the body is
  std::shared_ptr<Redactor const> secrets;  // set if the body quotes one of our secrets
  std::optional<Error> cut;                 // see Verdict::cut
  bool empty_by_status = false;  // no_rows because of the error status alone, or of no body
  // A refusal that means the end of the list behind its first page. On the first page it is just
  // that: the caller asks ends_list() and then uses the answer or this error.
  std::optional<Error> refusal;
  std::size_t bytes = 0;                                // of its text
  std::chrono::steady_clock::time_point received_at{};  // before it was parsed
  std::shared_ptr<void const> place;                    // see HttpResponse::place
  Answer() = default;
};

// How the database took a page's rows.
struct PageStored {
  std::int64_t news = 0;   // inserted or changed
  std::int64_t known = 0;  // stored before, unchanged
};

class StreamReader {
 public:
  StreamReader(std::shared_ptr<StreamPlan const> plan, ReaderStart start);
  ~StreamReader();
  StreamReader(StreamReader&&) noexcept;
  StreamReader& operator=(StreamReader&&) noexcept;

  // Returns the request for the next page, without authentication; nullopt when everything has been
  // read. May be called as soon as the last answer was given, before its batches are stored.
  std::optional<HttpRequest> next_request();

  // Returns what the last request asked for, for find_records().
  AskedFor const& asked_for() const;

  // Returns up to `most` requests that will follow the one of next_request() if the answers are as
  // expected, in order: further pages of the list as far as the broker counts them, then the first
  // pages of the next slices. They may be sent ahead, and their answers kept until next_request()
  // names their targets. After each answer the requests are others: an answer to one that is no
  // longer foreseen must not be used.
  std::vector<HttpRequest> foresee(std::size_t most);

  // Returns up to `most` requests that will be needed after those and after more that is not known
  // yet: the first pages of the next values or slices, however long the list is that is read now.
  std::vector<HttpRequest> foresee_later(std::size_t most);

  // Returns true if on_stored() for a page must be called before the next on_answer(), because a
  // page without new rows ends the list. If false, the next answer may be taken while the previous
  // page is still being stored.
  bool awaits_stored() const;

  // Takes the answer to the last request. An error ends the run: paging_broken, malformed_answer.
  Result<PageRead> on_answer(Answer const& answer, TimePoint now);

  // Reports that the rows of the last answer, or of the one before it, were stored. A list with
  // `until_known` ends at a page without new rows. If this is never called, the list is read to its
  // end.
  void on_stored(PageStored const& stored);

  // Returns true after a slice whose end is `read_once`: the next request depends on what the
  // database found. Then on_closed() must be called before anything else.
  bool awaits_closed() const;
  // Reports that the slice was closed or, if `read_again`, that it was not: then it is read again.
  void on_closed(bool read_again);

  // Returns true if the refusal of the last request means that the list has ended; then on_answer()
  // may be called with an answer without rows. Some brokers answer "not found" or "bad request" for
  // a page behind the last one.
  bool ends_at_refusal(Error const& error);

  // Returns true if a page of the current list was taken, so that an answer with a `refusal` means
  // its end.
  bool ends_list() const;

  // Handles the broker's refusal of the last request. Returns true if the reader has another
  // request to try: for window_too_large a slice of half the length; for a position that is invalid
  // after a restart the list from its start; for days that may be too old single days, to find the
  // oldest day that the broker still gives.
  bool on_refusal(Error const& error);

  // Returns the checkpoint of a completed pass: what the next run starts from.
  std::string final_checkpoint() const;

  // Returns true if this pass covers everything the stream has.
  bool is_full_pass() const;
  // Returns true if the stream is up to date once the pass has ended. Not so if --since or --until
  // chose days of the past, or days behind some that were never read.
  bool reaches_last_day() const;
  Slice window() const;  // first and last day of the pass; empty without windows

  // The values of `for_each`, or batches of them, that the pass asks for; empty without `for_each`.
  std::vector<std::string> const& items() const;

  // State of the pass at its start: whether it resumes an interrupted pass; the days that earlier
  // passes read without a gap; the days that were never read and that the broker no longer gives.
  bool resumes() const;
  std::optional<DaySpan> covered() const;
  std::vector<DaySpan> const& lost() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::engine
