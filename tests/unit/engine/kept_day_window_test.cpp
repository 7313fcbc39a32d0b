// Reports of one day: rows that keep the day of the window are sums of exactly this day, so the
// request does not begin early as others do.
#include <gtest/gtest.h>

#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/stream_reader.hpp"

namespace affsync::engine::kept_day_window_test {
namespace {

// The request for 2 November 2026 of a stream with these `records`.
std::string requested(std::string const& records) {
  auto const manifest = parse_manifest(
      "name: demo\nauth: {type: none}\nbase_url: https://a.example\nstreams:\n"
      "  days:\n    path: /d\n    table: commission\n    key: [at]\n    map: {amount: sum}\n"
      "    window: {from: a, to: b, form: epoch_milliseconds, span: 1d, start: 2026-01-01}\n"
      "    records: " +
          records + "\n",
      "demo.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "main";
  auto const plan = make_source_plan(*manifest, settings).value();
  ReaderStart start;
  start.mode = ReadMode::full;
  start.now = TimePoint(parse_day("2026-11-10").value());
  start.since = start.until = parse_day("2026-11-02").value();
  StreamReader reader(plan.streams.at(0), start);
  return reader.next_request()->target;
}

// 1793577600000 is 2026-11-02 00:00 UTC, 1793664000000 the next midnight: date -d … +%s.
TEST(KeptDayWindow, BeginsWithItsDayIfRowsKeepTheDay) {
  EXPECT_EQ(requested("{from: r, keep: {day: {window: from}}}"),
            "/d?a=1793577600000&b=1793663999999");
  EXPECT_EQ(requested("{from: r, keep: {day: {const: x}}}"), "/d?a=1793577599999&b=1793663999999");
  EXPECT_EQ(requested("r"), "/d?a=1793577599999&b=1793663999999");
}

}  // namespace
}  // namespace affsync::engine::kept_day_window_test
