#include "schema/store/page_group.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace affsync::schema {
namespace {

// The rows of a batch by their table and key.
class RowKeys {
 public:
  explicit RowKeys(Batch const& batch) : batch_(batch), table_(hash_key(batch.table().name)) {}
  std::uint64_t operator[](std::size_t row) const { return table_ ^ batch_.key_hash(row); }

 private:
  Batch const& batch_;
  std::uint64_t table_;
};

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

bool PageGroup::joins(PageWrite const& page) const {
  return plain_ && is_plain(page) && write_->scope == page.scope &&
         write_->personal == page.personal;
}

std::optional<PageGroup::Repeated> PageGroup::repeated(PageWrite const& page) const {
  Repeated repeated(page.batches.size());
  for (std::size_t i = 0; i < page.batches.size(); ++i) {
    auto const& batch = page.batches[i];
    if (!batch.table().keeps_records()) continue;
    RowKeys const keys(batch);
    for (std::size_t row = 0; row < batch.size(); ++row) {
      auto const known = contents_.find(keys[row]);
      if (known == contents_.end()) continue;
      if (known->second != batch.hash(row).high) return std::nullopt;
      repeated[i].push_back(row);
    }
  }
  return repeated;
}

void PageGroup::note(PageWrite const& page) {
  for (auto const& batch : page.batches) {
    rows_ += batch.size();
    if (!batch.table().keeps_records()) continue;
    RowKeys const keys(batch);
    contents_.reserve(contents_.size() + batch.size());
    for (std::size_t row = 0; row < batch.size(); ++row) {
      contents_.emplace(keys[row], batch.hash(row).high);
    }
  }
}

void PageGroup::leave_out(Repeated const& rows, PageWrite& page) {
  for (std::size_t i = 0; i < page.batches.size(); ++i) {
    page.batches[i].erase(rows[i]);
    write_->repeated += static_cast<std::int64_t>(rows[i].size());
  }
  write_->pages += page.pages;
  write_->repeated += page.repeated;
}

bool PageGroup::add(PageWrite& page) {
  if (!write_) {
    plain_ = is_plain(page);
    note(page);
    write_ = std::move(page);
    return true;
  }
  if (!joins(page)) return false;
  auto const again = repeated(page);
  if (!again) return false;
  note(page);
  leave_out(*again, page);
  std::ranges::move(page.batches, std::back_inserter(write_->batches));
  std::ranges::move(page.items, std::back_inserter(write_->items));
  write_->checkpoint = std::move(page.checkpoint);
  write_->now = page.now;
  return true;
}

bool PageGroup::add_before(PageWrite& page) {
  if (!write_) return add(page);
  if (!joins(page)) return false;
  auto const again = repeated(page);
  if (!again) return false;
  note(page);
  leave_out(*again, page);
  std::ranges::move(write_->batches, std::back_inserter(page.batches));
  write_->batches = std::move(page.batches);
  std::ranges::move(write_->items, std::back_inserter(page.items));
  write_->items = std::move(page.items);
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
