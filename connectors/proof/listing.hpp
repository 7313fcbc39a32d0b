// The list that a broker's sample shows, taken apart into rows, so that a server can answer any
// page of it in the sample's own shape.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/proof/fixture_reading.hpp"
#include "connectors/proof/text_rows.hpp"

namespace affsync::proof {

// One element of the list as the broker sends it, and what the connector makes of it.
struct ListedRow {
  std::string name;  // of the member, if the list is an object
  Json value;
  std::vector<ExpectedRow> stored;
  std::optional<Day> day;  // in the column that the window filters on
  std::size_t part = 0;    // of the stream's `parts`
  std::string item;        // the value of `for_each` that its answer is for
  std::string text;        // of a text: its piece of it
  std::size_t place = 0;   // of a text: of the sample's row that it is, or is made of
  bool made = false;       // a copy under another key, because the sample is too short
};

// What a page says about the list, for the paths that the connector names.
struct PageFacts {
  std::int64_t total = 0;
  std::int64_t total_pages = 0;
  bool more = false;
  std::string next;                      // cursor or link; empty: there is none
  std::vector<ListedRow const*> listed;  // rows of the whole filtered list, for its sums
};

class Listing {
 public:
  // `chain`: the pages of one list, in order. Errors: what keeps the list from being taken apart,
  // in words; then its answers can only be served as they are.
  static Result<Listing> make(std::shared_ptr<engine::StreamPlan const> plan,
                              std::vector<Fixture const*> const& chain);

  engine::StreamPlan const& plan() const { return *plan_; }
  Fixture const& first() const { return *chain_.front(); }
  std::vector<ListedRow> const& rows() const { return rows_; }
  // The values of `for_each` that the answers are for, in their order.
  std::vector<std::string> items() const;
  // Returns the stream as it is read for these values.
  std::shared_ptr<engine::StreamPlan const> plan_for(std::vector<std::string> const& items) const;
  // True if the answers hold a list that can be cut into pages.
  bool is_divisible() const { return divisible_; }

  // Adds copies of the rows under other keys until there are `wanted` rows. Returns false if no
  // part of the key can be changed.
  bool fill_up(std::size_t wanted);
  // Puts a further copy in front of the list.
  bool insert_in_front();

  // Shows the list's rows on each of so many days up to `last`, instead of on their own, to a
  // reader of the time after it. Rows whose day cannot be moved stay; those without one are of the
  // last day.
  void spread(Day last, int count);

  // Returns the answer's body with these rows and facts, in the shape of the sample.
  std::string body(std::vector<ListedRow const*> const& rows, PageFacts const& facts) const;

 private:
  Listing() = default;
  Result<void> take_apart();
  // The answer states counts or sums of its rows, which a text would have to state anew.
  bool states_sums() const;
  void find_texts();
  Json json_body(std::vector<ListedRow const*> const& rows, PageFacts const& facts) const;
  std::string text_body(std::vector<ListedRow const*> const& rows) const;
  // Returns what the connector makes of one element, or why it cannot be mapped.
  Result<std::vector<ExpectedRow>> map_one(ListedRow const& row) const;
  void note_day(ListedRow& row) const;
  // Returns the row on another day: each date in it is moved by as much, and its key is another
  // one. nullopt if that does not move its day.
  std::optional<ListedRow> on_day(ListedRow const& row, Day day);
  std::optional<ListedRow> copy_of(ListedRow const& row, std::uint64_t number) const;
  // The same with one value inside of the row changed; nullopt if that makes no other row.
  std::optional<ListedRow> with_other(ListedRow const& row, Json const& value,
                                      std::string const& text) const;
  // Reads the row again from its piece of the text; returns false if that is no row.
  bool read_text(ListedRow& row) const;
  Json const* list_of(Json const& body) const;
  bool is_new(ListedRow const& row) const;

  std::shared_ptr<engine::StreamPlan const> plan_;
  std::vector<Fixture const*> chain_;
  std::vector<Json> bodies_;       // of the chain, as the engine's JSON
  std::optional<TextRows> texts_;  // of a text whose rows can be told
  std::vector<ListedRow> rows_;
  std::optional<TimePoint> read_at_;  // instead of the sample's time
  bool divisible_ = false;
  bool is_json_ = true;
  std::uint64_t copies_ = 0;
};

}  // namespace affsync::proof
