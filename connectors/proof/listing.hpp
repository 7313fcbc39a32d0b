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

namespace affsync::proof {

// One element of the list as the broker sends it, and what the connector makes of it.
struct ListedRow {
  std::string name;  // of the member, if the list is an object
  Json value;
  std::vector<ExpectedRow> stored;
  std::optional<Day> day;  // in the column that the window filters on
  std::size_t part = 0;    // of the stream's `parts`
  std::size_t line = 0;    // its place among the rows of a text
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
  // True if the answers hold a list that can be cut into pages.
  bool is_divisible() const { return divisible_; }

  // Adds copies of the rows under other keys until there are `wanted` rows. Returns false if no
  // part of the key can be changed.
  bool fill_up(std::size_t wanted);
  // Puts a further copy in front of the list.
  bool insert_in_front();

  // Returns the answer's body with these rows and facts, in the shape of the sample.
  std::string body(std::vector<ListedRow const*> const& rows, PageFacts const& facts) const;

 private:
  Listing() = default;
  Result<void> take_apart();
  void find_lines();
  Json json_body(std::vector<ListedRow const*> const& rows, PageFacts const& facts) const;
  std::string text_body(std::vector<ListedRow const*> const& rows) const;
  // Returns what the connector makes of one element; nullopt if it cannot be mapped.
  std::optional<std::vector<ExpectedRow>> map_one(ListedRow const& row) const;
  void note_day(ListedRow& row) const;
  std::optional<ListedRow> copy_of(ListedRow const& row, std::uint64_t number) const;
  bool is_new(ListedRow const& row) const;

  std::shared_ptr<engine::StreamPlan const> plan_;
  std::vector<Fixture const*> chain_;
  std::vector<Json> bodies_;  // of the chain, as the engine's JSON
  // Of a text whose rows are lines (CSV, JSON lines): the lines, and which of them are rows.
  std::vector<std::string> lines_;
  std::vector<std::size_t> row_lines_;
  std::vector<ListedRow> rows_;
  bool divisible_ = false;
  bool is_json_ = true;
  std::uint64_t copies_ = 0;
};

}  // namespace affsync::proof
