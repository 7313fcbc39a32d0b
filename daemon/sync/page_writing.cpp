#include "daemon/sync/page_writing.hpp"

#include <algorithm>
#include <utility>

namespace affsync::sync {
namespace {

// Rows that earlier pages had as well, since consecutive pages overlap.
std::int64_t repeated_rows(engine::PageRead const& page) {
  auto rows = static_cast<std::int64_t>(page.quarantined.size());
  if (!page.batches.empty()) rows += static_cast<std::int64_t>(page.batches.front().size());
  return std::max<std::int64_t>(0, rows - page.rows_read);
}

}  // namespace

schema::RunStart run_start(engine::StreamReader const& reader, schema::StreamId id,
                           TimePoint started_at) {
  schema::RunStart run;
  run.id = std::move(id);
  run.mode = reader.is_full_pass() ? "full" : "incremental";
  run.window_from = reader.window().from;
  run.window_to = reader.window().to;
  run.started_at = started_at;
  run.resumes = reader.resumes();
  run.covered = reader.covered();
  run.lost = reader.lost();
  return run;
}

WaitingPage page_writing(engine::PageRead page, schema::RunKey run,
                         std::shared_ptr<schema::PersonalParts const> personal, TimePoint now) {
  WaitingPage waiting;
  waiting.repeated = repeated_rows(page);
  waiting.slice_end = std::move(page.slice_end);
  auto& write = waiting.write;
  write.run = std::move(run);
  write.personal = std::move(personal);
  if (page.scope && !page.batches.empty()) {
    auto& scope = write.scope.emplace();
    scope.table = &page.batches.front().table();
    scope.column = std::move(page.scope->column);
    scope.from = page.scope->slice.from;
    scope.to = page.scope->slice.to;
  }
  write.batches = std::move(page.batches);
  write.quarantined = std::move(page.quarantined);
  for (auto& rows : page.left_out) {
    write.left_out.emplace_back(rows.table, std::move(rows.external_ids));
  }
  write.checkpoint = std::move(page.checkpoint);
  write.lost = std::move(page.lost);
  write.now = now;
  return waiting;
}

engine::PageStored page_stored(schema::PageWritten const& written) {
  engine::PageStored stored;
  stored.news = written.inserted + written.updated;
  stored.known = written.unchanged;
  return stored;
}

}  // namespace affsync::sync
