// One report of a broker. Rows exist only as numbers until they are written; the feed also keeps
// what happened to them since the start (changed, removed, added). Handles name rows: 0..n-1 for
// those of the seed, from first_added on for later ones. The broker writes everything around the
// rows of a page.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/sandbox/fixed.hpp"
#include "tests/sandbox/json_writer.hpp"

namespace affsync::sandbox {

using Handle = std::uint32_t;
inline constexpr Handle first_added = 1u << 31;

// A column that can be added up, for totals and for the books.
enum class Unit { plain, usd, own };  // own: the currency of the row
struct Measure {
  std::string_view field;
  Unit unit;
};
inline constexpr std::size_t most_measures = 6;
inline constexpr std::size_t most_currencies = 4;
inline constexpr std::array<std::string_view, 2> currencies{"USD", "EUR"};  // of most feeds

struct MeasuredRow {
  std::array<Fixed, most_measures> values{};  // in the order of Feed::measures()
  unsigned currency = 0;                      // index into Feed::currency_names()
};

struct Totals {
  std::uint64_t rows = 0;
  std::uint64_t groups = 0;  // distinct Feed::group() values, if counts_groups()
  std::array<std::array<WideSum, most_currencies>, most_measures> sums{};
  std::array<std::uint64_t, most_currencies> rows_by_currency{};

  void add(MeasuredRow const& row);
  WideSum sum(std::size_t measure) const;  // over all currencies
};

// ["EUR","USD"]: the currencies that occur in the rows.
void append_currency_list(std::string& out, Totals const& totals);

// A set filter of the query: values separated by commas or repeated.
enum class ValueForm { any, digits, full_uuid };
struct SetFilter {
  std::string_view parameter;
  ValueForm form;
};
struct DateFilter {
  std::string_view from, to;
};

class Feed {
 public:
  Feed(std::string name, std::string path, Handle base_rows)
      : name_(std::move(name)), path_(std::move(path)), base_rows_(base_rows) {}
  virtual ~Feed() = default;
  Feed(Feed const&) = delete;
  Feed& operator=(Feed const&) = delete;

  std::string const& name() const { return name_; }
  std::string const& path() const { return path_; }

  // The content of a row, its key, and the fields that faults change by default.
  virtual void write_row(Handle row, std::string& out) const = 0;
  virtual std::string key(Handle row) const = 0;  // the value of key_field() as text
  virtual std::string_view key_field() const { return "id"; }
  virtual std::string_view amount_field() const { return "reward_usd"; }
  virtual std::string_view text_field() const { return "comment"; }
  virtual std::span<std::string_view const> currency_names() const { return currencies; }
  virtual std::span<Measure const> measures() const { return {}; }
  virtual MeasuredRow measure(Handle) const { return {}; }
  // Writes everything after totals.count.
  virtual void write_totals(Totals const&, ObjectWriter&) const {}
  virtual bool counts_groups() const { return false; }
  virtual std::uint64_t group(Handle row) const { return row; }

  // The order of rows without `ordering`, and the columns that give this order.
  virtual std::uint64_t natural_key(Handle row) const { return row; }
  virtual std::span<std::string_view const> natural_order() const { return {}; }
  // Columns that `ordering` accepts; an order_key compares as its column does.
  virtual std::span<std::string_view const> order_columns() const { return {}; }
  virtual std::uint64_t order_key(Handle, std::size_t /*column*/) const { return 0; }

  virtual DateFilter date_filter() const { return {}; }
  virtual bool sorted_by_day() const { return false; }
  virtual int day(Handle) const { return 0; }
  virtual std::span<SetFilter const> set_filters() const { return {}; }
  virtual std::string filter_value(Handle, std::size_t /*filter*/) const { return {}; }

  // Makes a row that sorts right after `row`, or the newest row in feeds ordered by age, without
  // inserting it. Returns nullopt if the feed cannot make rows.
  virtual std::optional<Handle> make_like(Handle) { return std::nullopt; }

  // Actions on a row besides a change of its values, such as `pay`.
  virtual std::span<std::string_view const> actions() const { return {}; }
  // Whether the action is possible for this row now.
  virtual bool can_act(std::size_t /*action*/, Handle) const { return false; }
  virtual void act(std::size_t /*action*/, Handle) {}

  // The current rows, in natural order.
  std::size_t size() const { return touched_ ? rows_.size() : base_rows_; }
  Handle at(std::size_t position) const {
    return touched_ ? rows_[position] : static_cast<Handle>(position);
  }
  Totals totals() const;

  // Grows with every change; caches depend on it.
  virtual std::uint64_t version() const { return version_; }
  // How often the row was changed.
  unsigned revision(Handle row) const {
    if (revisions_.empty()) return 0;
    auto const found = revisions_.find(row);
    return found == revisions_.end() ? 0 : found->second;
  }

  // Chooses distinct rows by `noise`, none of the first `spare` in the natural order; fewer if
  // there are not enough.
  std::vector<Handle> choose(std::size_t rows, std::uint64_t noise, std::size_t spare = 0) const;
  // The same, among the rows for which the action is possible.
  std::vector<Handle> choose_for(std::size_t action, std::size_t rows, std::uint64_t noise) const;
  // Gives the row another revision, and so other values.
  void change(Handle row);
  void remove(Handle row);
  // Restores the rows removed last; returns the restored ones.
  std::vector<Handle> restore(std::size_t rows);
  void insert(Handle row);

 protected:
  Handle base_rows() const { return base_rows_; }
  void note_change() { ++version_; }

 private:
  // Called after change(), for feeds that keep more than a revision.
  virtual void changed(Handle) {}
  void touch();
  std::size_t place_of(Handle row) const;

  std::string name_, path_;
  Handle base_rows_;
  std::uint64_t version_ = 0;
  bool touched_ = false;
  std::vector<Handle> rows_;  // used once rows were added or removed
  std::vector<Handle> removed_;
  std::unordered_map<Handle, unsigned> revisions_;
};

}  // namespace affsync::sandbox
