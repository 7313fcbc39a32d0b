#include "base/batch.hpp"

#include <xxhash.h>

#include <cstdio>
#include <stdexcept>

namespace affsync {
namespace {

// Trims trailing zeros, so that "5.0" and "5.00" hash alike: they are the same amount.
std::string_view without_end_zeros(std::string_view number) {
  if (number.find('.') == std::string_view::npos) return number;
  while (number.ends_with('0')) number.remove_suffix(1);
  if (number.ends_with('.')) number.remove_suffix(1);
  return number;
}

}  // namespace

std::string ContentHash::to_hex() const {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return text;
}

ContentHash hash_content(std::string_view content) {
  auto const hash = XXH3_128bits(content.data(), content.size());
  return ContentHash{hash.high64, hash.low64};
}

std::uint64_t hash_key(std::string_view key) {
  return XXH3_64bits(key.data(), key.size());
}

void Row::reset(RecordTable const& table) {
  external_id.clear();
  raw.clear();
  volatile_free_raw.clear();
  values.resize(table.columns.size());
  for (auto& value : values) value.reset();
}

void Batch::put(std::string_view text) {
  if (text_.size() + text.size() >= null_cell) {
    throw std::length_error("a page of more than 4 GiB");
  }
  offsets_.push_back(static_cast<std::uint32_t>(text_.size()));
  text_ += text;
  text_ += '\0';
}

void Batch::append(Row const& row) {
  std::string content;
  content.reserve(row.raw.size() + 256);
  for (std::size_t i = 0; i < table_->columns.size(); ++i) {
    if (table_->columns[i].volatile_value) continue;
    // Values contain no zero byte. The terminator therefore keeps neighbouring values apart, and
    // the '=' keeps null apart from an empty text.
    if (row.values[i]) {
      content += '=';
      content += table_->columns[i].type == ColumnType::numeric ? without_end_zeros(*row.values[i])
                                                                : *row.values[i];
    }
    content += '\0';
  }
  content += row.volatile_free_raw.empty() ? row.raw : row.volatile_free_raw;
  auto const hash = hash_content(content);

  put(row.external_id);
  put(row.raw);
  put(hash.to_hex());
  for (auto const& value : row.values) {
    if (value) {
      put(*value);
    } else {
      offsets_.push_back(null_cell);
    }
  }
  hashes_.push_back(hash);
}

char const* Batch::at(std::size_t row, std::size_t index) const {
  auto const offset = offsets_[row * width() + index];
  return offset == null_cell ? nullptr : text_.data() + offset;
}

}  // namespace affsync
