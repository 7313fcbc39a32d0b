// What the table has of the slice that a run is reading: the hashes of its rows' keys and contents.
// It is read once for the slice, so that a page of unchanged rows needs no query, and kept current
// by the run's own writes: while its lease and its fence last, no other run writes the stream. Of a
// slice with too many rows for that, a stretch of the table is known, which moves with the list.
// Belongs to the writes of a run; used on an executor's thread with their mutex held.
#pragma once

#include <pqxx/transaction_base>

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/batch.hpp"
#include "base/key_slots.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// How many rows all slices of the process together may still remember; 17 to 20 bytes each.
using RowAllowance = std::atomic<std::int64_t>;
inline std::shared_ptr<RowAllowance> all_rows_of_a_process() {
  return std::make_shared<RowAllowance>(2'000'000);
}

// How far the stretches of a large slice helped.
struct StretchesRead {
  static constexpr int most_in_vain = 3;
  bool any = false;
  int in_vain = 0;              // one after the other
  std::int64_t rows_known = 0;  // on the pages since the last one was read
};

class KnownRows {
 public:
  enum class Standing {
    unknown,  // only the database can tell
    same,     // stored, live, with this content
    differs,  // stored and live, with another content
  };
  // Changes of a transaction, to be noted once it is committed: (hash of the key, of the content).
  using Changes = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

  // What is read of the table at once for a large slice, in PostgreSQL's blocks of usually 8 KiB:
  // some 100,000 rows with their documents. To look for a row by its key costs about as much as to
  // read a block.
  static constexpr std::int64_t usual_stretch = 8192;

  explicit KnownRows(std::shared_ptr<RowAllowance> allowance,
                     std::int64_t blocks_of_a_stretch = usual_stretch)
      : allowance_(std::move(allowance)), blocks_of_a_stretch_(blocks_of_a_stretch) {}
  KnownRows(KnownRows const&) = delete;
  KnownRows& operator=(KnownRows const&) = delete;
  ~KnownRows() { forget(); }

  // Reads the rows of the slice, unless they are known already. A slice with more rows than memory
  // allows stays unknown. `live_rows`: how many the stream has, as far as is noted. Throws what the
  // query throws, as read_near() does.
  void load(pqxx::transaction_base& tx, StreamId const& id, SliceScope const& scope,
            std::int64_t live_rows);
  // Whether read_near() may help: the slice is such a large one.
  bool is_read_by_stretches() const { return stretches_.has_value(); }
  // Reads what stands in the table where the page's rows are, unless it is known. A broker lists
  // its rows mostly in the order in which they were stored, or in the opposite one; if it does not,
  // no more is read. To be called before the page's first write. `some`: keys of the page, spread
  // evenly, in its order; `rows`: how many it has.
  void read_near(pqxx::transaction_base& tx, StreamId const& id, RecordTable const& table,
                 std::vector<std::string_view> const& some, std::size_t rows);
  // So many rows of a page were found here, and are not written: see read_near().
  void found(std::int64_t rows);
  void forget();

  // The number of live rows of the slice. Only if each row that the run stored since load() belongs
  // to the slice; nullopt if not all rows are known.
  std::optional<std::int64_t> count(SliceScope const& scope) const;

  // Fetches the memory of a key that will be asked for soon.
  void prefetch(std::uint64_t key) const { rows_.prefetch(key); }
  // `key`: hash_key() of the row's external id.
  Standing standing(RecordTable const& table, std::uint64_t key, ContentHash const& content) const;
  // Notes what the last transaction stored. Its rows are known until the next one, whatever memory
  // allows: pages of a list overlap.
  void note(RecordTable const& table, Changes changes);

 private:
  struct Known {
    std::uint64_t key, content;
  };
  class Arriving;
  bool reserve(std::int64_t rows);
  void add(Changes const& changes);
  bool update(Changes const& changes);
  void read_by_stretches(pqxx::transaction_base& tx);
  // From now on only the database can tell of the rows of this slice.
  void give_up();

  std::shared_ptr<RowAllowance> allowance_;
  std::int64_t const blocks_of_a_stretch_;
  std::int64_t taken_ = 0;  // of the allowance
  std::optional<SliceScope> scope_;
  bool usable_ = false;
  bool complete_ = false;  // no row was left out for lack of memory
  bool only_own_ = false;  // the slice was empty at load(): all rows are the run's own
  std::optional<StretchesRead> stretches_;
  KeySlots<Known> rows_;
  RecordTable const* latest_table_ = nullptr;
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> latest_;
};

}  // namespace affsync::schema
