// Rows of one record table, ready to be sent to PostgreSQL. Every cell is text in PostgreSQL's
// input format; all cells share one buffer, so that a page needs only a handful of allocations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/tables.hpp"

namespace affsync {

// 128-bit XXH3 of the row's content, without volatile columns. Equal content gives equal hashes.
struct ContentHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(ContentHash const&, ContentHash const&) = default;
  // Returns 32 hex digits, a format that PostgreSQL's uuid type accepts.
  std::string to_hex() const;
};
ContentHash hash_content(std::string_view content);
// Returns the 64-bit XXH3 of a key, for sets of seen keys.
std::uint64_t hash_key(std::string_view key);

// One row produced by the mapping. Reuse one object for many rows to save allocations.
struct Row {
  std::string external_id;
  std::vector<std::optional<std::string>> values;  // one per column of the table, in its order
  std::string raw;                                 // JSON text, privacy applied
  std::string volatile_free_raw;  // `raw` without the fields that change at each read; empty if
                                  // there are none, and then `raw` itself is hashed

  void reset(RecordTable const& table);
};

class Batch {
 public:
  explicit Batch(RecordTable const& table) : table_(&table) {}

  RecordTable const& table() const { return *table_; }
  std::size_t size() const { return hashes_.size(); }
  bool empty() const { return hashes_.empty(); }
  std::size_t text_bytes() const { return text_.size(); }

  // Copies the row and hashes it without its volatile columns.
  void append(Row const& row);
  // The same with another hash, of what the row is elsewhere.
  void append(Row const& row, ContentHash const& hash);

  // Takes memory for so many further rows with so many bytes of text_bytes().
  void reserve(std::size_t rows, std::size_t text_bytes);

  // Removes rows; `rows` ascends. Their text stays in memory.
  void erase(std::vector<std::size_t> const& rows);

  // Copies a row of another batch of the same table.
  void append(Batch const& other, std::size_t row);

  // Zero-terminated texts, valid until the next append(); nullptr is SQL NULL.
  char const* external_id(std::size_t row) const { return at(row, 0); }
  char const* raw(std::size_t row) const { return at(row, 1); }
  char const* cell(std::size_t row, std::size_t column) const { return at(row, 2 + column); }
  ContentHash hash(std::size_t row) const { return hashes_[row]; }
  // hash_key() of the external id.
  std::uint64_t key_hash(std::size_t row) const { return key_hashes_[row]; }

 private:
  static constexpr std::uint32_t null_cell = UINT32_MAX;
  std::size_t width() const { return 2 + table_->columns.size(); }
  char const* at(std::size_t row, std::size_t index) const;

  RecordTable const* table_;
  std::string content_;  // of the row that is appended; its size is that of the longest one
  std::string text_;
  std::vector<std::uint32_t> offsets_;
  std::vector<ContentHash> hashes_;
  std::vector<std::uint64_t> key_hashes_;
};

// A row that could not be mapped.
struct QuarantinedRow {
  std::string external_id;  // empty when the key itself is missing
  std::string reason;
  std::string raw;                     // JSON text, privacy applied
  RecordTable const* table = nullptr;  // that it is not stored in; nullptr: unknown
};

}  // namespace affsync
