// The machine that reads one stream, without I/O: it says which page to ask for and makes batches
// of the answers; the run around it sends, stores and waits. One reader serves one run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/http_message.hpp"
#include "base/json.hpp"
#include "base/redact.hpp"
#include "connectors/engine/paging/reader_start.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/rows/page_read.hpp"

namespace affsync::engine {

// An answer that was judged to be a good one.
struct Answer {
  Json body;
  Headers headers;
  std::optional<TimePoint> server_time;     // its Date header
  bool no_rows = false;                     // judged to mean "no rows", whatever the body is
  std::shared_ptr<Redactor const> secrets;  // set where the body quotes a secret of ours
  bool empty_by_status = false;             // … because of its error status alone
  Answer() = default;
};

// What became of a page's rows in the database.
struct PageStored {
  std::int64_t news = 0;   // inserted or changed
  std::int64_t known = 0;  // there already, as they are
};

class StreamReader {
 public:
  StreamReader(std::shared_ptr<StreamPlan const> plan, ReaderStart start);
  ~StreamReader();
  StreamReader(StreamReader&&) noexcept;
  StreamReader& operator=(StreamReader&&) noexcept;

  // The next page to ask for, without authentication; nullopt when everything has been read. May
  // be called as soon as the last answer has been given, before its batches are stored.
  std::optional<HttpRequest> next_request();

  // Whether on_stored() of one page has to come before the next answer is taken, since a page
  // without news ends the list. Otherwise an answer may be taken while the page before is stored.
  bool awaits_stored() const;

  // Takes the answer to the last request. Errors end the run: paging_broken, malformed_answer.
  Result<PageRead> on_answer(Answer const& answer, TimePoint now);

  // The rows of the answer before last, or of the last one, were stored. A list that is read until
  // it is known ends at a page without news. Not calling it means reading everything.
  void on_stored(PageStored const& stored);

  // The refusal of the last request says that the list has ended: an answer without rows may be
  // given instead. Some brokers know no page behind the last one, or call it a bad request.
  bool ends_at_refusal(Error const& error);

  // The broker refused the last request; true when the reader has another one to try instead
  // (window_too_large: the slice is halved; a place in a list that is no longer good after a
  // restart: the list from its start; days that may be too old: it finds out from where on the
  // broker gives them).
  bool on_refusal(Error const& error);

  // The checkpoint of a pass that came to its end: what the next run starts from.
  std::string final_checkpoint() const;

  // The pass that this reader makes covers everything the stream has.
  bool is_full_pass() const;
  Slice window() const;  // first and last day of the pass; empty without windows

  // Of the pass at its begin: it goes on with one that was stopped; days that were read before,
  // without a gap; days that were not, and can no longer be had.
  bool resumes() const;
  std::optional<DaySpan> covered() const;
  std::vector<DaySpan> const& lost() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::engine
