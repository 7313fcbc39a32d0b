// The way through one list, page by page: what to ask for next, whether a page may be taken, and
// whether all that the broker counts has come. It knows rows only by the hashes of their keys.
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

// Where a list was left, to go on after a restart.
struct PagePosition {
  std::int64_t offset = 0;  // offset: rows up to here were taken; page: the page taken last
  std::string token;        // cursor, link or id that the next page is asked with
  std::vector<std::uint64_t> anchors;  // the keys of the last rows that were taken
  std::int64_t rows = 0;               // distinct rows taken so far
};

// What the next request has beside the stream's own query.
struct PageAsk {
  NamedTexts query;
  std::string target;  // path and query of a next-page link, instead of all others
};

enum class PageOutcome {
  more,         // take the page's rows, ask for the next
  discarded,    // it does not fit what was read before: leave its rows, ask again
  sweep_again,  // take the rows; the count did not agree, so the list is read once more
  end,          // take the rows; the list has ended
};

// Where a row of a page stood before.
enum class RowPlace : std::uint8_t {
  fresh,     // on no page of this sweep
  shared,    // where this page overlaps the one before it: the same row once more
  repeated,  // elsewhere in the list
};

class Pager {
 public:
  virtual ~Pager() = default;

  // Begins a list from its first row, or where it was left.
  virtual void start() = 0;
  virtual void resume(PagePosition position) = 0;

  virtual PageAsk ask() const = 0;

  // The keys of a page's rows in their order. Errors: paging_broken.
  virtual Result<PageOutcome> take(std::vector<std::uint64_t> const& keys,
                                   PageHints const& hints) = 0;

  // Whether a refusal of the page asked for says that the page before it was the last: some brokers
  // answer so behind the end of a list. Then an answer without rows may be taken instead.
  virtual bool ends_at_refusal(ErrorCode code) = 0;
  // Begins the list once more although it had ended: take() said `end`, and something about its
  // rows has to be settled.
  virtual void read_again() = 0;

  // Of the page taken last: rows that no page of this list had brought before, and for each row
  // where it stood before.
  virtual std::int64_t fresh_rows() const = 0;
  virtual std::vector<RowPlace> const& places() const = 0;
  virtual PagePosition position() const = 0;
  // Pages before a restart are missing in take_keys().
  virtual bool resumed() const = 0;
  // Begun by resume(), and no page has come since.
  virtual bool resuming() const = 0;

  // At the end of a list: the broker's count, why its rows cannot be all, and the keys, sorted and
  // distinct, which leave the pager.
  virtual std::optional<std::int64_t> total() const = 0;
  virtual std::optional<SliceDoubt> doubt() const = 0;
  virtual std::vector<std::uint64_t> take_keys() = 0;
};

// Whether a page of so many rows, fewer than were asked for, may be as large as the broker makes
// them: such limits are round numbers.
bool may_be_a_cap(std::size_t rows);
// Whether the refusal of a page behind so many rows may be a limit on how deep a list can be read,
// not its end.
bool may_be_a_depth(ErrorCode refusal, std::int64_t rows);
// The keys of a page's rows in their order, as one hash.
std::uint64_t hash_of_page(std::vector<std::uint64_t> const& keys);

// The pager for a kind of paging.
std::unique_ptr<Pager> make_pager(PageSpec const& spec);

}  // namespace affsync::engine
