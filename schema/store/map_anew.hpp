// What a stream's mapping makes of rows that are stored: the connector may have been corrected
// since they were read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/batch.hpp"
#include "base/clock.hpp"

namespace affsync::schema {

// Usable from any thread.
class MapAnew {
 public:
  MapAnew() = default;
  MapAnew(MapAnew const&) = delete;
  MapAnew& operator=(MapAnew const&) = delete;
  virtual ~MapAnew() = default;

  // Replaces the values of a stored row of the table by what the mapping makes of its `raw`. What
  // `raw` does not tell is taken from `sent`, the row as the broker sends it now; nullptr: it stays
  // as it is stored. Returns false, and changes nothing, if `raw` gives what is stored. Times of
  // `row` have the form of format_time(). `now`: the time of the page.
  virtual bool map(RecordTable const& table, Row& row, Row const* sent, TimePoint now) const = 0;

  // Returns whether two rows of the broker's, as `raw` keeps them, differ at most in fields that
  // differ at each reading.
  virtual bool is_same(std::string_view stored_raw, std::string_view sent_raw) const = 0;

  // Returns the keys of all rows that the stream's mappings to the table may make of `raw`. Empty
  // if one of them is not known: it is of the content, or a part of it was not kept.
  virtual std::vector<std::string> keys(RecordTable const& table, std::string_view raw) const = 0;

  // Returns whether the `where` of each of the stream's mappings to the table leaves out the
  // broker's row that `raw` keeps. False if `raw` does not tell, or without such a mapping.
  virtual bool leaves_out(RecordTable const& table, std::string_view raw) const = 0;
};

}  // namespace affsync::schema
