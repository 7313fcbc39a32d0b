#include "schema/store/known_rows.hpp"

#include <algorithm>

#include "schema/store/copy_reader.hpp"
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

}  // namespace

void KnownRows::forget() {
  rows_.clear();
  latest_ = {};
  latest_table_ = nullptr;
  usable_ = false;
  scope_.reset();
  *allowance_ += std::exchange(taken_, 0);
}

void KnownRows::give_up() {
  rows_.clear();
  usable_ = false;
  *allowance_ += std::exchange(taken_, 0);
}

bool KnownRows::reserve_one() {
  if (taken_ >= most_of_a_slice) return false;
  if (allowance_->fetch_sub(1) <= 0) {
    ++*allowance_;
    return false;
  }
  ++taken_;
  return true;
}

void KnownRows::load(pqxx::transaction_base& tx, StreamId const& id, SliceScope const& scope,
                     std::int64_t live_rows) {
  if (scope_ == scope) return;
  forget();
  auto const most = std::min(most_of_a_slice, std::max<std::int64_t>(0, *allowance_)) + 1;
  if (scope.column.empty() && live_rows >= most) {
    scope_ = scope;
    return;
  }
  auto const live = live_rows_of(id, scope);
  bool complete = true;
  if (scope.column.empty()) {
    rows_.expect(static_cast<std::size_t>(std::max<std::int64_t>(0, live_rows)));
  } else {
    tx.exec(by_index_only);
  }
  copy_pairs(tx,
             "SELECT t.external_id, t.content_hash FROM " + merge_sql_for(*scope.table).table +
                 " t WHERE " + live.condition + " LIMIT " + std::to_string(most),
             live.params, [&](std::string_view external_id, std::string_view content) {
               complete = complete && reserve_one();
               if (!complete) return;
               rows_.insert(hash_key(external_id)).first->content = first_half(content);
             });
  if (!complete) give_up();
  usable_ = complete_ = complete;
  only_own_ = rows_.size() == 0;
  scope_ = scope;
}

std::optional<std::int64_t> KnownRows::count(SliceScope const& scope) const {
  if (!usable_ || !complete_ || scope_ != scope) return std::nullopt;
  return static_cast<std::int64_t>(rows_.size());
}

KnownRows::Standing KnownRows::standing(RecordTable const& table, std::string_view external_id,
                                        ContentHash const& content) const {
  auto const key = hash_key(external_id);
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

std::pair<std::uint64_t, std::uint64_t> KnownRows::entry(std::string_view external_id,
                                                         ContentHash const& content) {
  return {hash_key(external_id), content.high};
}

void KnownRows::note(RecordTable const& table, Changes changes) {
  bool noted = usable_ && scope_->table == &table;
  if (noted) {
    for (auto const& [key, content] : changes) {
      if (auto* found = rows_.find(key)) {
        found->content = content;
      } else if (reserve_one()) {
        rows_.insert(key).first->content = content;
      } else {
        noted = complete_ = false;
      }
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
