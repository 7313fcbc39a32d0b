#include "daemon/sync/page_writing.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/batch.hpp"

namespace affsync::sync {
namespace {

// Rows that earlier pages had as well, since consecutive pages overlap.
std::int64_t repeated_rows(engine::PageRead const& page) {
  auto rows = static_cast<std::int64_t>(page.quarantined.size());
  if (!page.batches.empty()) rows += static_cast<std::int64_t>(page.batches.front().size());
  return std::max<std::int64_t>(0, rows - page.rows_read);
}

// Returns a hash of each value of a request: the values themselves may be personal.
std::vector<std::string> marks_of(engine::ForEachSpec const& each, std::string_view item) {
  std::vector<std::string> marks;
  auto const add = [&](std::string_view value) {
    std::ostringstream hex;
    hex << std::hex << std::setw(16) << std::setfill('0') << hash_key(value);
    marks.push_back(hex.str());
  };
  while (each.batch > 1 && item.find(',') != std::string_view::npos) {
    add(item.substr(0, item.find(',')));
    item.remove_prefix(item.find(',') + 1);
  }
  add(item);
  return marks;
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

std::shared_ptr<schema::AskedItems const> asked_items(engine::StreamPlan const& plan,
                                                      std::vector<std::string> const& items) {
  auto const& each = plan.spec->for_each;
  if (!each) return nullptr;
  auto asked = std::make_shared<schema::AskedItems>();
  for (auto const& item : items) {
    for (auto& mark : marks_of(*each, item)) asked->values.push_back(std::move(mark));
  }
  std::ranges::sort(asked->values);
  auto const again = std::ranges::unique(asked->values);
  asked->values.erase(again.begin(), again.end());
  return asked;
}

WaitingPage page_writing(engine::PageRead page, schema::RunKey run,
                         std::shared_ptr<schema::PersonalParts const> personal,
                         engine::StreamPlan const& plan, TimePoint now) {
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
  if (page.item && !page.batches.empty() && !page.batches.front().empty()) {
    auto& rows = write.items.emplace_back();
    for (auto const& mark : marks_of(*plan.spec->for_each, *page.item)) {
      rows.item += (rows.item.empty() ? "" : ",") + mark;
    }
    auto const& batch = page.batches.front();
    for (std::size_t row = 0; row < batch.size(); ++row) {
      rows.external_ids.emplace_back(batch.external_id(row));
    }
  }
  write.batches = std::move(page.batches);
  write.quarantined = std::move(page.quarantined);
  for (auto& rows : page.left_out) {
    write.left_out.emplace_back(rows.table, std::move(rows.external_ids));
  }
  write.replaces = plan.spec->replaces_window;
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
