// The body of an answer becomes rows. The first line of an input names a stream (connector/stream)
// and, after a space, the privacy setting. The rest is the body.
//
// For any body: it is refused or read. Each row becomes cells that PostgreSQL accepts, or is
// quarantined with a reason. Whatever is kept as JSON is valid for jsonb.
#include "connectors/engine/answer/page_hints.hpp"
#include "connectors/engine/answer/records.hpp"
#include "connectors/engine/rows/page_rows.hpp"
#include "connectors/engine/values/times.hpp"
#include "tests/fuzz/cells.hpp"
#include "tests/fuzz/plans.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {
namespace {

using namespace engine;

void require_same_when_read_again(Json const& body) {
  auto const text = body.dump();
  auto const again = parse_json(text);
  require(again.has_value(), "dumped JSON can be parsed", text);
  require(again->dump() == text, "dumping parsed JSON gives the same text", text);
}

void require_row(RecordTable const& table, Row const& row) {
  require(!row.external_id.empty(), "a row has an id");
  require_text(row.external_id, "an id");
  require_jsonb(row.raw);
  if (!row.volatile_free_raw.empty()) require_jsonb(row.volatile_free_raw);
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (row.values[i]) require_cell(table.columns[i], *row.values[i]);
  }
}

void require_quarantine(QuarantinedRow const& row) {
  require(!row.reason.empty(), "a quarantined row has a reason", row.raw);
  require_text(row.reason, "a reason");
  require_text(row.external_id, "an id");
  require_jsonb(row.raw);
}

void map_each(StreamUnderTest const& stream, std::vector<Json const*> const& rows, TimePoint now) {
  for (std::size_t which = 0; which < stream.mappers.size(); ++which) {
    auto const& spec = *stream.plan->spec;
    auto const& table = *(which == 0 ? spec.map : spec.also[which - 1]).table;
    Row made;
    for (auto const* row : rows) {
      if (auto reason = stream.mappers[which].map(*row, now, made)) {
        require_quarantine({made.external_id, *reason, made.raw});
      } else {
        require_row(table, made);
      }
      for (auto const& trace : stream.mappers[which].trace(*row, now)) {
        require_text(trace.problem, "a problem");
      }
      stream.mappers[which].unmapped_fields(*row);
    }
  }
}

}  // namespace

void page(std::string_view input) {
  auto head = take_line(input);
  auto const name = take_word(head);
  auto const& stream = stream_under_test(name, head);
  auto const& spec = *stream.plan->spec;
  auto const now = TimePoint(*parse_day("2026-11-21")) + std::chrono::hours(9);

  auto const body = parse_json(input);
  if (!body) return require_error(body.error());
  require_same_when_read_again(*body);
  auto const records = find_records(spec, *body);
  if (!records) return require_error(records.error());

  auto const hints =
      read_page_hints(spec.page, *body, records->rows, stream.plan->base_url, "/list?a=b");
  if (!hints) require_error(hints.error());
  map_each(stream, records->rows, now);

  PageRows page_rows(stream.plan);
  std::vector<std::uint64_t> keys;
  page_rows.hash_keys(records->rows, keys);
  PageRead read;
  std::vector<RowPlace> const places(keys.size(), RowPlace::fresh);
  page_rows.convert(records->rows, keys, places, now, read);
  for (auto const& batch : read.batches) {
    require(batch.size() <= records->rows.size(), "a batch has no more rows than the page");
  }
  for (auto const& row : read.quarantined) require_quarantine(row);
}

}  // namespace affsync::fuzz
