#include "schema/store/file_rows.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>

#include "schema/store/merge_sql.hpp"
#include "schema/store/walk.hpp"

namespace affsync::schema {
namespace {

constexpr std::size_t digits_of_key = 16;

std::string hex_of_keys(std::vector<std::uint64_t> const& keys) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\\x";
  text.reserve(2 + digits_of_key * keys.size());
  for (auto const key : keys) {
    for (int shift = 60; shift >= 0; shift -= 4) text += digits[(key >> shift) & 0xFU];
  }
  return text;
}

std::vector<std::uint64_t> keys_in_hex(std::string_view hex) {
  std::vector<std::uint64_t> keys;
  keys.reserve(hex.size() / digits_of_key);
  for (; hex.size() >= digits_of_key; hex.remove_prefix(digits_of_key)) {
    std::uint64_t key = 0;
    std::from_chars(hex.data(), hex.data() + digits_of_key, key, 16);
    keys.push_back(key);
  }
  return keys;
}

std::vector<std::uint64_t> without(std::vector<std::uint64_t> const& keys,
                                   std::vector<std::uint64_t> const& others) {
  std::vector<std::uint64_t> rest;
  std::ranges::set_difference(keys, others, std::back_inserter(rest));
  return rest;
}

}  // namespace

bool FileRows::Held::has(std::uint64_t key) const {
  return std::ranges::binary_search(keys, key);
}

FileRows::FileRows(pqxx::transaction_base& tx, SliceClose const& slice) : slice_(slice) {
  is_of_file_ = !slice.file.empty() && slice.replaces && slice.from && slice.to;
  if (!is_of_file_) return;
  own_.name = slice.file;
  own_.days = DaySpan{*slice.from, *slice.to};
  SqlParams const params{std::to_string(slice.run.id.source_id), slice.run.id.stream, slice.file,
                         sql_day(slice.from), sql_day(slice.to)};
  auto all_params = params;
  all_params.push_back(sql_time(slice.run.started_at));
  auto const before =
      exec(tx,
           "SELECT first_day, last_day FROM affsync.file_read WHERE source_id = $1::int"
           " AND stream = $2 AND name = $3 AND first_day <= $5::date AND last_day >= $4::date"
           " ORDER BY read_at DESC, file_id DESC LIMIT 1",
           params);
  if (!before.empty()) {
    days_before_ =
        DaySpan{parse_day(before[0][0].c_str()).value(), parse_day(before[0][1].c_str()).value()};
  }
  for (auto const& row : exec(tx,
                              "SELECT name, first_day, last_day, encode(row_keys, 'hex'),"
                              " in_doubt, noted_at >= $6::timestamptz"
                              " FROM affsync.file_rows WHERE source_id = $1::int AND stream = $2"
                              " AND (name = $3 OR (first_day <= $5::date AND last_day >= $4::date))"
                              " ORDER BY name",
                              all_params)) {
    Held held;
    held.name = row[0].c_str();
    held.days = DaySpan{parse_day(row[1].c_str()).value(), parse_day(row[2].c_str()).value()};
    held.keys = keys_in_hex(row[3].c_str());
    held.in_doubt = int_of(row[4]);
    held.is_of_run = row[5].as<bool>();
    if (held.name == slice.file) {
      own_ = std::move(held);
    } else {
      others_.push_back(std::move(held));
    }
  }
}

bool FileRows::was_beside(Held const& other) const {
  auto const beside = [&](Held const& one) {
    return !one.keys.empty() && one.days.from <= other.days.to && other.days.from <= one.days.to;
  };
  if (beside(own_)) return true;
  return std::ranges::any_of(others_,
                             [&](Held const& one) { return one.taken_over && beside(one); });
}

void FileRows::judge(std::vector<std::uint64_t> const& live,
                     std::vector<std::uint64_t> const& mute) {
  if (!is_of_file_) return;
  live_ = live;
  std::ranges::sort(live_);
  auto mutes = mute;
  std::ranges::sort(mutes);
  for (auto& other : others_) {
    // What says something, and was not in both files before: those that lie beside each other may
    // have equal rows.
    std::int64_t shared = 0, lacking = 0;
    for (auto const key : live_) {
      if (!other.has(key)) continue;
      bool const is_seen = std::ranges::binary_search(slice_.seen_keys, key);
      ++(is_seen ? other.repeated : other.lacking);
      if (std::ranges::binary_search(mutes, key)) continue;
      if (!is_seen) {
        ++lacking;
      } else if (!own_.has(key)) {
        ++shared;
      }
    }
    other.news = shared;
    // A corrected or later export repeats most rows; one of another brand or region has others. One
    // row of equal content may be so by chance.
    std::int64_t const least = slice_.by_content && lacking > 0 ? 2 : 1;
    other.taken_over = shared >= least && shared >= lacking;
  }
}

bool FileRows::keeps(std::uint64_t key) {
  bool is_kept = false;
  for (auto& other : others_) {
    if (other.taken_over || !other.has(key)) continue;
    // Told of one file only, or the numbers would not add up.
    if (!is_kept) ++other.kept;
    is_kept = true;
  }
  return is_kept;
}

FileSlice FileRows::remarks(pqxx::transaction_base& tx, bool replaced) const {
  FileSlice found;
  if (!is_of_file_) return found;
  found.is_replaced = replaced;
  for (auto const& other : others_) {
    if (other.taken_over) {
      found.taken.push_back({other.name, other.repeated, other.lacking});
    } else if (other.kept > 0 && (other.news > 0 || !was_beside(other))) {
      // Files that lie beside each other are told once; a new reading of a known file is no news.
      found.kept.push_back({other.name, other.kept, slice_.by_content ? other.news : 0});
    }
  }
  if (own_.keys.empty() || !days_before_) return found;
  auto const& days = *days_before_;
  // An export of the last thirty days loses its first day whenever it gains a last one.
  bool const is_shorter = days.from <= *slice_.from && *slice_.to <= days.to &&
                          (days.from < *slice_.from || *slice_.to < days.to);
  if (!is_shorter) return found;
  SliceScope within;
  within.table = slice_.table;
  within.column = slice_.scope_column;
  within.from = days.from;
  within.to = days.to;
  auto const scope = live_rows_of(slice_.run.id, within);
  walk(tx,
       "SELECT t.external_id FROM " + merge_sql_for(*slice_.table).table + " t WHERE " +
           scope.condition,
       scope.params, [&](pqxx::row const& row) {
         auto const key = hash_key(std::string_view(row[0].c_str(), row[0].size()));
         bool const is_left = own_.has(key) && !std::ranges::binary_search(live_, key) &&
                              !std::ranges::binary_search(slice_.seen_keys, key);
         if (is_left) ++found.rows_of_lost_days;
         return true;
       });
  if (found.rows_of_lost_days > 0) found.days_before = days;
  return found;
}

void FileRows::note(pqxx::transaction_base& tx, bool replaced, std::int64_t in_doubt) const {
  if (!is_of_file_) return;
  auto own = own_;
  auto const kept = replaced ? without(own_.keys, live_) : own_.keys;
  auto seen = slice_.seen_keys;
  if (!replaced) {
    // Of a file whose place it did not take, it takes the place when it is read again.
    for (auto const& other : others_) {
      if (other.taken_over) seen = without(seen, other.keys);
    }
  }
  own.keys.clear();
  std::ranges::set_union(kept, seen, std::back_inserter(own.keys));
  // An earlier slice of the run may have other days in doubt.
  own.in_doubt = in_doubt + (own_.is_of_run ? own_.in_doubt : 0);
  own.days = kept.empty() ? DaySpan{*slice_.from, *slice_.to}
                          : DaySpan{std::min(own_.days.from, *slice_.from),
                                    std::max(own_.days.to, *slice_.to)};
  bool const is_known = own.keys == own_.keys && own.days.from == own_.days.from &&
                        own.days.to == own_.days.to && own.in_doubt == own_.in_doubt &&
                        in_doubt == 0;
  if (!is_known) write(tx, own);
  if (!replaced) return;
  for (auto const& other : others_) {
    if (!other.taken_over) continue;
    auto rest = other;
    rest.keys = without(other.keys, live_);
    bool const is_within = *slice_.from <= other.days.from && other.days.to <= *slice_.to;
    if (is_within || rest.keys.empty()) {
      remove(tx, other.name);
    } else {
      write(tx, rest);
    }
  }
}

void keep_seen(pqxx::transaction_base& tx, SliceClose const& slice, Scope& scope) {
  ArrayText keys;
  walk(tx,
       "SELECT t.external_id FROM " + merge_sql_for(*slice.table).table + " t WHERE " +
           scope.condition,
       scope.params, [&](pqxx::row const& row) {
         std::string_view const key(row[0].c_str(), row[0].size());
         if (std::ranges::binary_search(slice.seen_keys, hash_key(key))) keys.add(key);
         return true;
       });
  scope.params.push_back(keys.take());
  scope.condition +=
      " AND t.external_id = ANY ($" + std::to_string(scope.params.size()) + "::text[])";
}

void FileRows::write(pqxx::transaction_base& tx, Held const& held) const {
  SqlParams const params{std::to_string(slice_.run.id.source_id),
                         slice_.run.id.stream,
                         held.name,
                         sql_day(held.days.from),
                         sql_day(held.days.to),
                         hex_of_keys(held.keys),
                         sql_time(slice_.now),
                         std::to_string(held.in_doubt)};
  exec(tx,
       "INSERT INTO affsync.file_rows (source_id, stream, name, first_day, last_day, row_keys,"
       " noted_at, in_doubt) VALUES ($1::int, $2, $3, $4::date, $5::date, $6::bytea,"
       " $7::timestamptz, $8::bigint)"
       " ON CONFLICT (source_id, stream, name) DO UPDATE SET first_day = excluded.first_day,"
       " last_day = excluded.last_day, row_keys = excluded.row_keys, noted_at = excluded.noted_at,"
       " in_doubt = excluded.in_doubt",
       params);
}

void FileRows::remove(pqxx::transaction_base& tx, std::string const& name) const {
  SqlParams const params{std::to_string(slice_.run.id.source_id), slice_.run.id.stream, name};
  exec(tx, "DELETE FROM affsync.file_rows WHERE source_id = $1::int AND stream = $2 AND name = $3",
       params);
}

}  // namespace affsync::schema
