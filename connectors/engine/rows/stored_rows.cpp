#include "connectors/engine/rows/stored_rows.hpp"

#include <algorithm>

namespace affsync::engine {

StoredRows::StoredRows(std::shared_ptr<StreamPlan const> plan)
    : plan_(std::move(plan)), main_(*plan_, plan_->spec->map) {}

PageRead StoredRows::convert_page(std::vector<Json const*> const& rows, TimePoint received_at,
                                  std::vector<std::string> const& ids) {
  // After a quarantine the object is replaced, because it would not quarantine the same key again.
  if (!page_rows_) page_rows_.emplace(plan_);
  PageRead page;
  std::vector<std::uint64_t> keys;
  if (plan_->spec->map.hash) page_rows_->begin_slice();  // equal rows are numbered from 1
  page_rows_->answered_at(received_at, received_at);
  page_rows_->hash_keys(rows, ids, keys);
  std::vector<RowPlace> const places(keys.size(), RowPlace::fresh);
  page_rows_->convert(rows, keys, places, received_at, page);
  if (!page.quarantined.empty()) page_rows_.reset();
  return page;
}

StoredRows::Outcome StoredRows::look_at(std::string_view raw, TimePoint received_at,
                                        std::string const& id) {
  Outcome outcome;
  auto parsed = parse_json(raw);
  if (!parsed || !parsed->is_object()) {
    outcome.fate = Fate::unreadable;
    outcome.reason = "only the text of the row was stored, because it is not a JSON object";
    return outcome;
  }
  outcome.row = std::move(*parsed);
  std::string reason;
  outcome.external_id = main_.key_of(outcome.row, reason).value_or("");
  if (plan_->spec->map.hash && !outcome.external_id.empty()) {
    // It took no number, and those of the rows that were stored are theirs.
    if (id.starts_with(outcome.external_id + "!")) {
      outcome.external_id = id;
      outcome.reason = "its number among rows of equal content is known when they are all read";
      return outcome;
    }
    bool const is_known = id.starts_with(outcome.external_id + "-");
    outcome.external_id = is_known ? id : outcome.external_id + "-1";
  }
  std::vector<Json const*> const one{&outcome.row};
  auto const page = convert_page(one, received_at, {outcome.external_id});
  if (!page.quarantined.empty()) {
    outcome.reason = page.quarantined.front().reason;
    return outcome;
  }
  auto const holds_rows = [](Batch const& batch) { return !batch.empty(); };
  outcome.fate = std::ranges::any_of(page.batches, holds_rows) ? Fate::maps : Fate::left_out;
  return outcome;
}

std::vector<Batch> StoredRows::convert(std::vector<Json const*> const& rows, TimePoint received_at,
                                       std::vector<std::string> const& ids) {
  return convert_page(rows, received_at, ids).batches;
}

}  // namespace affsync::engine
