#include "base/batch.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
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

// Copies the text and returns its end.
char* write(std::string_view text, char* at) {
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

}  // namespace

std::string ContentHash::to_hex() const {
  constexpr char digits[] = "0123456789abcdef";
  std::string text(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    auto const shift = 60 - 4 * i;
    text[i] = digits[high >> shift & 15U];
    text[16 + i] = digits[low >> shift & 15U];
  }
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

void Batch::append(Row const& row) {
  auto const& columns = table_->columns;
  std::size_t bytes = 2 * columns.size();  // '=' and the terminator
  for (auto const& value : row.values) bytes += value ? value->size() : 0;
  for (auto const& column : columns) bytes += column.added_later ? column.name.size() : 0;

  auto const& raw = row.volatile_free_raw.empty() ? row.raw : row.volatile_free_raw;
  if (content_.size() < bytes + raw.size()) content_.resize(2 * (bytes + raw.size()));
  auto* at = content_.data();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].volatile_value) continue;
    // Values contain no zero byte. The terminator therefore keeps neighbouring values apart, and
    // the '=' keeps null apart from an empty text.
    if (columns[i].added_later) {
      if (!row.values[i]) continue;
      at = write(columns[i].name, at);
    }
    if (auto const& value = row.values[i]) {
      *at++ = '=';
      at = write(columns[i].type == ColumnType::numeric ? without_end_zeros(*value) : *value, at);
    }
    *at++ = '\0';
  }
  at = write(raw, at);
  auto const hash = hash_content(
      std::string_view(content_.data(), static_cast<std::size_t>(at - content_.data())));

  auto const start = text_.size();
  bytes += row.external_id.size() + row.raw.size() + 2;
  if (start + bytes >= null_cell) throw std::length_error("a page of more than 4 GiB");
  if (start + bytes > text_.capacity())
    text_.reserve(std::max(start + bytes, 2 * text_.capacity()));
  text_.resize(start + bytes);
  auto const first = offsets_.size();
  offsets_.resize(first + width());
  auto* offset = offsets_.data() + first;
  at = text_.data() + start;
  auto const put = [&](std::string_view text) {
    *offset++ = static_cast<std::uint32_t>(at - text_.data());
    at = write(text, at);
    *at++ = '\0';
  };
  put(row.external_id);
  put(row.raw);
  for (auto const& value : row.values) {
    if (value) {
      put(*value);
    } else {
      *offset++ = null_cell;
    }
  }
  text_.resize(static_cast<std::size_t>(at - text_.data()));
  hashes_.push_back(hash);
  key_hashes_.push_back(hash_key(row.external_id));
}

void Batch::append(Row const& row, ContentHash const& hash) {
  append(row);
  hashes_.back() = hash;
}

void Batch::append(Batch const& other, std::size_t row) {
  for (std::size_t i = 0; i < width(); ++i) {
    auto const* const text = other.at(row, i);
    if (text == nullptr) {
      offsets_.push_back(null_cell);
      continue;
    }
    auto const start = text_.size();
    auto const bytes = std::strlen(text) + 1;
    if (start + bytes >= null_cell) throw std::length_error("a page of more than 4 GiB");
    offsets_.push_back(static_cast<std::uint32_t>(start));
    text_.append(text, bytes);
  }
  hashes_.push_back(other.hashes_[row]);
  key_hashes_.push_back(other.key_hashes_[row]);
}

void Batch::reserve(std::size_t rows, std::size_t text_bytes) {
  text_.reserve(text_.size() + text_bytes);
  offsets_.reserve(offsets_.size() + rows * width());
  hashes_.reserve(hashes_.size() + rows);
  key_hashes_.reserve(key_hashes_.size() + rows);
}

void Batch::erase(std::vector<std::size_t> const& rows) {
  if (rows.empty()) return;
  auto const wide = static_cast<std::ptrdiff_t>(width());
  auto to = rows.front();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto const from = rows[i] + 1;
    auto const end = i + 1 < rows.size() ? rows[i + 1] : size();
    auto const move_up = [&](auto& values, std::ptrdiff_t each) {
      auto const at = [&](std::size_t index) {
        return values.begin() + static_cast<std::ptrdiff_t>(index) * each;
      };
      std::copy(at(from), at(end), at(to));
    };
    move_up(offsets_, wide);
    move_up(hashes_, 1);
    move_up(key_hashes_, 1);
    to += end - from;
  }
  hashes_.resize(to);
  key_hashes_.resize(to);
  offsets_.resize(to * width());
}

char const* Batch::at(std::size_t row, std::size_t index) const {
  auto const offset = offsets_[row * width() + index];
  return offset == null_cell ? nullptr : text_.data() + offset;
}

}  // namespace affsync
