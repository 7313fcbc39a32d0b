#include "connectors/engine/paging/key_log.hpp"

#include <algorithm>

namespace affsync::engine {
namespace {

// The first block is one page; a later one is as large as all before it, within this limit.
constexpr std::size_t largest_block = std::size_t{1} << 16;

}  // namespace

void KeyLog::add(std::uint64_t key) {
  if (is_table_) {
    table_.insert(key);
    return;
  }
  if (notes_.empty() || in_last_ == notes_.back().size()) {
    std::size_t const last = notes_.empty() ? 0 : notes_.back().size();
    notes_.emplace_back(std::clamp(2 * last, ZeroedPages::words_per_page, largest_block));
    in_last_ = 0;
  }
  notes_.back().data()[in_last_++] = key;
}

bool KeyLog::contains(std::uint64_t key) {
  if (!is_table_) make_table();
  return table_.contains(key);
}

void KeyLog::make_table() {
  is_table_ = true;
  for (auto& block : notes_) {
    auto const keys = &block == &notes_.back() ? in_last_ : block.size();
    for (std::size_t i = 0; i < keys; ++i) table_.insert(block.data()[i]);
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
