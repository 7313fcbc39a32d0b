#include "schema/store/page_group.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace affsync::schema {
namespace {

std::uint64_t row_key(Batch const& batch, std::size_t row) {
  return hash_key(batch.table().name) ^ hash_key(batch.external_id(row));
}

}  // namespace

bool PageGroup::is_plain(PageWrite const& page) {
  std::set<RecordTable const*> tables;
  for (auto const& batch : page.batches) {
    bool const again = !tables.insert(&batch.table()).second;
    // Joined pages have a batch each, with distinct rows if the table keeps records.
    if (again && (page.pages == 1 || !batch.table().keeps_records())) return false;
  }
  return page.quarantined.empty() && page.left_out.empty() && page.retried.empty() &&
         page.lost.empty();
}

bool PageGroup::add(PageWrite& page) {
  // Rows of each batch that the pages before have as well.
  std::vector<std::vector<std::size_t>> repeated(page.batches.size());
  std::size_t rows = 0;
  bool const plain = is_plain(page);
  if (write_ &&
      (!plain_ || !plain || write_->scope != page.scope || write_->personal != page.personal)) {
    return false;
  }
  plain_ = plain;
  for (std::size_t i = 0; i < page.batches.size(); ++i) {
    auto const& batch = page.batches[i];
    rows += batch.size();
    if (!write_ || !batch.table().keeps_records()) continue;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      auto const known = contents_.find(row_key(batch, row));
      if (known == contents_.end()) continue;
      if (known->second != batch.hash(row).high) return false;
      repeated[i].push_back(row);
    }
  }
  for (auto const& batch : page.batches) {
    if (!batch.table().keeps_records()) continue;
    for (std::size_t row = 0; row < batch.size(); ++row) {
      contents_.emplace(row_key(batch, row), batch.hash(row).high);
    }
  }
  rows_ += rows;
  if (!write_) {
    write_ = std::move(page);
    return true;
  }
  for (std::size_t i = 0; i < page.batches.size(); ++i) {
    page.batches[i].erase(repeated[i]);
    write_->batches.push_back(std::move(page.batches[i]));
    write_->repeated += static_cast<std::int64_t>(repeated[i].size());
  }
  write_->checkpoint = std::move(page.checkpoint);
  write_->pages += page.pages;
  write_->repeated += page.repeated;
  write_->now = page.now;
  return true;
}

PageWrite PageGroup::take() {
  auto write = std::move(*write_);
  write_.reset();
  contents_.clear();
  rows_ = 0;
  return write;
}

}  // namespace affsync::schema
