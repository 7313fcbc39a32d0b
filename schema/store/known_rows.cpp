#include "schema/store/known_rows.hpp"

#include <algorithm>
#include <array>

#include "schema/store/copy_reader.hpp"
#include "schema/store/distribution.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/scope.hpp"

namespace affsync::schema {
namespace {

// A larger slice is asked for page by page.
constexpr std::int64_t most_of_a_slice = 1'000'000;

// The first 8 of a uuid's 16 bytes.
std::uint64_t first_half(std::string_view uuid) {
  std::uint64_t value = 0;
  for (char const c : uuid.substr(0, sizeof value)) {
    value = value << 8 | static_cast<unsigned char>(c);
  }
  return value;
}

// $1 source, $2 stream, $3 keys -> block of the live rows, in the order of the keys
std::string place_sql(std::string const& table) {
  return "SELECT (t.place::text::point)[0]::bigint"
         " FROM unnest($3::text[]) WITH ORDINALITY AS k (external_id, nth) CROSS JOIN LATERAL"
         " (SELECT t.ctid AS place FROM " +
         table +
         " t WHERE t.source_id = $1::int AND t.stream = $2 AND t.external_id = k.external_id"
         " AND t.deleted_at IS NULL LIMIT 1) t ORDER BY k.nth";
}

// $1 source, $2 stream -> key and hash of the live rows in the blocks from `from` up to `end`; to
// be read by place only. Of a table with partitions, the same blocks of each that may have the
// source.
std::string stretch_sql(std::string const& table, std::int64_t from, std::int64_t end) {
  return "SELECT t.external_id, t.content_hash FROM " + table + " t WHERE t.ctid >= '(" +
         std::to_string(from) + ",0)' AND t.ctid < '(" + std::to_string(end) +
         ",0)' AND t.source_id = $1::int AND t.stream = $2 AND t.deleted_at IS NULL";
}

}  // namespace

// Rows on their way into the table, whose memory is fetched meanwhile: each is somewhere else in
// it.
class KnownRows::Arriving {
 public:
  explicit Arriving(KeySlots<Known>& rows) : rows_(rows) {}
  void add(std::string_view external_id, std::string_view content) {
    Known const row{hash_key(external_id), first_half(content)};
    rows_.prefetch(row.key);
    waiting_[count_++] = row;
    if (count_ == waiting_.size()) insert_all();
  }
  void insert_all() {
    for (std::size_t i = 0; i < count_; ++i) {
      rows_.insert(waiting_[i].key).first->content = waiting_[i].content;
    }
    count_ = 0;
  }

 private:
  KeySlots<Known>& rows_;
  std::array<Known, 16> waiting_{};
  std::size_t count_ = 0;
};

void KnownRows::forget() {
  rows_.clear();
  latest_ = {};
  latest_table_ = nullptr;
  usable_ = complete_ = only_own_ = false;
  scope_.reset();
  stretches_.reset();
  *allowance_ += std::exchange(taken_, 0);
}

void KnownRows::give_up() {
  rows_.clear();
  usable_ = false;
  *allowance_ += std::exchange(taken_, 0);
}

bool KnownRows::reserve(std::int64_t rows) {
  if (taken_ + rows > most_of_a_slice) return false;
  if (allowance_->fetch_sub(rows) < rows) {
    *allowance_ += rows;
    return false;
  }
  taken_ += rows;
  return true;
}

void KnownRows::load(pqxx::transaction_base& tx, StreamId const& id, SliceScope const& scope,
                     std::int64_t live_rows) {
  if (scope_ == scope) return;
  forget();
  auto const most = std::min(most_of_a_slice, std::max<std::int64_t>(0, *allowance_)) + 1;
  if (scope.column.empty() && live_rows >= most) {
    scope_ = scope;
    read_by_stretches(tx);
    return;
  }
  auto const live = live_rows_of(id, scope);
  bool complete = true;
  if (scope.column.empty()) {
    rows_.expect(static_cast<std::size_t>(std::max<std::int64_t>(0, live_rows)));
  } else {
    tx.exec(by_index_only);
  }
  Arriving arriving(rows_);
  copy_pairs(tx,
             "SELECT t.external_id, t.content_hash FROM " + merge_sql_for(*scope.table).table +
                 " t WHERE " + live.condition + " LIMIT " + std::to_string(most),
             live.params, [&](std::string_view external_id, std::string_view content) {
               complete = complete && reserve(1);
               if (complete) arriving.add(external_id, content);
             });
  arriving.insert_all();
  usable_ = complete_ = complete;
  only_own_ = rows_.size() == 0;
  scope_ = scope;
  if (complete) return;
  give_up();
  read_by_stretches(tx);
}

std::optional<std::int64_t> KnownRows::count(SliceScope const& scope) const {
  if (!usable_ || !complete_ || scope_ != scope) return std::nullopt;
  return static_cast<std::int64_t>(rows_.size());
}

// The place of a row has no meaning that PostgreSQL promises, and a distributed table has its rows
// on other servers; PostgreSQL 13 finds the rows of a block only by reading all.
void KnownRows::read_by_stretches(pqxx::transaction_base& tx) {
  if (tx.conn().server_version() >= 140000 && !is_distributed(tx)) stretches_.emplace();
}

void KnownRows::read_near(pqxx::transaction_base& tx, StreamId const& id, RecordTable const& table,
                          std::vector<std::string_view> const& some, std::size_t rows) {
  if (!stretches_ || scope_->table != &table || some.empty()) return;
  ArrayText unknown;
  std::size_t found = 0;
  for (auto const key : some) {
    if (rows_.find(hash_key(key)) != nullptr) {
      ++found;
    } else {
      unknown.add(key);
    }
  }
  stretches_->rows_known += static_cast<std::int64_t>(rows * found / some.size());
  if (2 * found > some.size()) return;
  tx.exec(by_index_only);
  auto const name = merge_sql_for(table).table;
  auto const places =
      exec(tx, place_sql(name), {std::to_string(id.source_id), id.stream, unknown.take()});
  if (places.empty()) return;  // rows that the table does not have
  if (stretches_->any) {
    auto const in_vain = stretches_->rows_known < blocks_of_a_stretch_;
    stretches_->in_vain = in_vain ? stretches_->in_vain + 1 : 0;
  }
  stretches_->rows_known = 0;
  stretches_->any = true;
  give_up();
  if (stretches_->in_vain >= StretchesRead::most_in_vain) {
    stretches_.reset();
    return;
  }
  auto const first = int_of(places.front()[0]), last = int_of(places.back()[0]);
  // Down from the first one, if the list goes that way.
  auto const lowest = std::max<std::int64_t>(0, first + 1 - blocks_of_a_stretch_);
  auto const from = first <= last ? first : lowest;
  tx.exec(by_place_only);
  Arriving arriving(rows_);
  copy_pairs(tx, stretch_sql(name, from, from + blocks_of_a_stretch_),
             {std::to_string(id.source_id), id.stream},
             [&](std::string_view external_id, std::string_view content) {
               if (reserve(1)) arriving.add(external_id, content);
             });
  arriving.insert_all();
  tx.exec(by_index_again);
  usable_ = true;
}

void KnownRows::found(std::int64_t rows) {
  if (stretches_) stretches_->rows_known += rows;
}

KnownRows::Standing KnownRows::standing(RecordTable const& table, std::uint64_t key,
                                        ContentHash const& content) const {
  auto const with = [&](std::uint64_t stored) {
    return stored == content.high ? Standing::same : Standing::differs;
  };
  if (latest_table_ == &table) {
    if (auto const found = latest_.find(key); found != latest_.end()) return with(found->second);
  }
  if (usable_ && scope_->table == &table) {
    if (auto const* found = rows_.find(key)) return with(found->content);
  }
  return Standing::unknown;
}

// Notes all of them; room for them is reserved.
void KnownRows::add(Changes const& changes) {
  constexpr std::size_t ahead = 16;
  std::int64_t known = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (i + ahead < changes.size()) rows_.prefetch(changes[i + ahead].first);
    auto const [slot, is_new] = rows_.insert(changes[i].first);
    slot->content = changes[i].second;
    if (!is_new) ++known;
  }
  taken_ -= known;
  *allowance_ += known;
}

// Notes those for which there is room; returns whether these are all.
bool KnownRows::update(Changes const& changes) {
  bool all = true;
  for (auto const& [key, content] : changes) {
    if (auto* found = rows_.find(key)) {
      found->content = content;
    } else if (complete_ && reserve(1)) {
      rows_.insert(key).first->content = content;
    } else {
      all = complete_ = false;
    }
  }
  return all;
}

void KnownRows::note(RecordTable const& table, Changes changes) {
  bool noted = usable_ && scope_->table == &table;
  if (noted) {
    if (complete_ && reserve(std::ssize(changes))) {
      add(changes);
    } else {
      noted = update(changes);
    }
    // Rows of a first load hardly ever come again, and if they do, the database tells.
    if (!noted && only_own_) give_up();
  }
  latest_table_ = &table;
  latest_.clear();
  if (noted) return;
  for (auto const& [key, content] : changes) latest_.insert_or_assign(key, content);
}

}  // namespace affsync::schema
