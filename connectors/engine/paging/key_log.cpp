#include "connectors/engine/paging/key_log.hpp"

#include <algorithm>
#include <cstring>

namespace affsync::engine {
namespace {

// The first block is one page; a later one is twice as large as the one before it, within this
// limit, in words.
constexpr std::size_t largest_block = std::size_t{1} << 16;

constexpr std::size_t bytes_each = 5;
constexpr unsigned bits_left_out = 64 - 8 * bytes_each;

// The bytes of a block that notes fill.
std::size_t room_in(ZeroedPages const& block) {
  return block.size() * sizeof(std::uint64_t) / bytes_each * bytes_each;
}

// As the table has it: in the upper bits, since these say where a key belongs.
std::uint64_t kept(std::uint64_t hash) {
  return hash >> bits_left_out << bits_left_out;
}

}  // namespace

void KeyLog::add(std::uint64_t hash) {
  if (is_table_) {
    table_.insert(kept(hash));
    return;
  }
  if (notes_.empty() || in_last_ == room_in(notes_.back())) {
    std::size_t const last = notes_.empty() ? 0 : notes_.back().size();
    notes_.emplace_back(std::clamp(2 * last, ZeroedPages::words_per_page, largest_block));
    in_last_ = 0;
  }
  auto const part = hash >> bits_left_out;
  std::memcpy(reinterpret_cast<char*>(notes_.back().data()) + in_last_, &part, bytes_each);
  in_last_ += bytes_each;
}

bool KeyLog::contains(std::uint64_t hash) {
  if (!is_table_) make_table();
  return table_.contains(kept(hash));
}

void KeyLog::make_table() {
  is_table_ = true;
  for (auto& block : notes_) {
    auto const bytes = &block == &notes_.back() ? in_last_ : room_in(block);
    auto const* const from = reinterpret_cast<char const*>(block.data());
    for (std::size_t at = 0; at < bytes; at += bytes_each) {
      std::uint64_t part = 0;
      std::memcpy(&part, from + at, bytes_each);
      table_.insert(part << bits_left_out);
    }
    block = ZeroedPages();
  }
  notes_.clear();
}

void KeyLog::clear() {
  if (notes_.size() > 1) notes_.resize(1);
  in_last_ = 0;
  is_table_ = false;
  table_.clear();
}

}  // namespace affsync::engine
