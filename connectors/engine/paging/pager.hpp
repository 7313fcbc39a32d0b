// Reads one list page by page: what to request next, whether a page may be taken, and whether all
// rows that the broker counts were read. Rows are known only by the hashes of their keys.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/engine/answer/page_hints.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/paging/slice.hpp"

namespace affsync::engine {

// Position in a list, for resuming after a restart.
struct PagePosition {
  // Offset: rows before this were taken; page: number of the last page taken.
  std::int64_t offset = 0;
  std::string token;                   // cursor, link or id for requesting the next page
  std::vector<std::uint64_t> anchors;  // keys of the last rows that were taken
  std::int64_t rows = 0;               // distinct rows taken so far
};

// What the next request adds to the stream's own query.
struct PageAsk {
  NamedTexts query;
  std::string target;  // path and query of a next-page link; replaces all other parameters
  std::optional<std::string> item{};  // the value of `for_each`
};

// The requests that follow the one of ask() if its answer is as expected.
struct Foresight {
  std::vector<PageAsk> asks;  // in order, without that of ask()
  bool reaches_end = false;   // the list ends with the last of them
};

enum class PageOutcome {
  more,       // take the page's rows and request the next page
  discarded,  // it does not fit the pages before it: drop its rows and request again
  // Take the rows; their number differs from the broker's count, so read the list once more.
  sweep_again,
  end,  // take the rows; the list has ended
};

// Where a row was seen before in this sweep.
enum class RowPlace : std::uint8_t {
  fresh,     // nowhere
  shared,    // in the overlap with the previous page: the same row again
  repeated,  // elsewhere in the list
};

class Pager {
 public:
  virtual ~Pager() = default;

  // Begin a list at its first row, or resume it at a position.
  virtual void start() = 0;
  virtual void resume(PagePosition position) = 0;

  virtual PageAsk ask() const = 0;

  // Returns up to `most` further requests that serial reading would certainly send, unless the list
  // changes. Their answers may be formed by the broker in any order, so there are none for a list
  // where a row could be missed because of that: neither shared rows nor a count would show it.
  // Until a second page has shown that the broker pages at all, there is at most one.
  virtual Foresight foresee(std::size_t most) const = 0;

  // Takes the keys of a page's rows in their order. Errors: paging_broken.
  virtual Result<PageOutcome> take(std::vector<std::uint64_t> const& keys,
                                   PageHints const& hints) = 0;

  // Returns true if a refusal of the requested page means that the page before it was the last:
  // some brokers answer like that behind the end of a list. Then an answer without rows may be
  // taken instead.
  virtual bool ends_at_refusal(ErrorCode code) = 0;
  // Begins the list again although take() returned `end`, because something about its rows is
  // unsettled.
  virtual void read_again() = 0;

  // Returns true if an answer with so many rows, of a list that has no pages, may lack others: it
  // has as many as were asked for, or says that it is a part.
  virtual bool may_be_cut(std::size_t /*rows*/, PageHints const& /*hints*/) const { return false; }

  // About the page taken last: the number of rows that no earlier page of this list had, and where
  // each row was seen before.
  virtual std::int64_t fresh_rows() const = 0;
  virtual std::vector<RowPlace> const& places() const = 0;
  virtual PagePosition position() const = 0;
  // Returns true if take_keys() lacks the pages that were read before a restart.
  virtual bool resumed() const = 0;
  // Returns true if the list began with resume() and no page has been taken since.
  virtual bool resuming() const = 0;

  // At the end of a list: the broker's count; why its rows may be incomplete; and the keys, sorted
  // and distinct, which are moved out of the pager.
  virtual std::optional<std::int64_t> total() const = 0;
  virtual std::optional<SliceDoubt> doubt() const = 0;
  // Returns true if a row that was in the list all the time may have moved from a page that was to
  // be read to one that was read already, without a trace: see CountProof. Not so if all rows came
  // in one answer, if each page begins with a row of the one before it, or if each is asked for by
  // the row before it.
  virtual bool may_have_skipped() const = 0;
  virtual std::vector<std::uint64_t> take_keys() = 0;
};

// Says that an answer may be cut.
std::string cut_answer(std::size_t rows, PageHints const& hints);

// Returns true if a page with this many rows, fewer than requested, may be as large as the broker's
// maximum: such limits are round numbers.
bool may_be_a_cap(std::size_t rows);
// Returns true if the refusal of a page behind this many rows may be a limit on how deep a list can
// be read, not its end.
bool may_be_a_depth(ErrorCode refusal, std::int64_t rows);
// Returns one hash of the keys of a page's rows in their order.
std::uint64_t hash_of_page(std::vector<std::uint64_t> const& keys);

// Creates the pager for a kind of paging.
std::unique_ptr<Pager> make_pager(PageSpec const& spec);

}  // namespace affsync::engine
