#include "daemon/sync/page_writing.hpp"

#include <algorithm>
#include <utility>

namespace affsync::sync {

std::int64_t repeated_rows(engine::PageRead const& page) {
  auto rows = static_cast<std::int64_t>(page.quarantined.size());
  if (!page.batches.empty()) rows += static_cast<std::int64_t>(page.batches.front().size());
  return std::max<std::int64_t>(0, rows - page.rows_read);
}

schema::PageWrite page_writing(engine::PageRead& page, schema::RunKey run, TimePoint now) {
  schema::PageWrite write;
  write.run = std::move(run);
  write.batches = std::move(page.batches);
  write.quarantined = std::move(page.quarantined);
  for (auto& rows : page.left_out) {
    write.left_out.emplace_back(rows.table, std::move(rows.external_ids));
  }
  write.checkpoint = std::move(page.checkpoint);
  write.lost = std::move(page.lost);
  write.now = now;
  return write;
}

}  // namespace affsync::sync
