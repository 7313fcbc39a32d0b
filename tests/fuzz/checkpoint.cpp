// A checkpoint read back from the database, and the pass that resumes from it. The first line of an
// input names a stream (connector/stream) and the request that is refused. The checkpoint follows
// up to a line "---", then pages separated by such lines. "@stream" and "@request" in the
// checkpoint are replaced by the plan's values, without which no checkpoint is accepted.
//
// For any text: it is rejected, or writing it again gives the same checkpoint. A reader that starts
// from it makes only requests that can be sent, and ends without failure. The next reader accepts
// the checkpoints that it writes.
#include <algorithm>

#include "connectors/engine/paging/checkpoint.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "daemon/net/http_codec.hpp"
#include "tests/fuzz/cells.hpp"
#include "tests/fuzz/plans.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {
namespace {

using namespace engine;

constexpr int most_pages = 12;

std::string_view take_part(std::string_view& input) {
  constexpr std::string_view line = "\n---\n";
  auto const end = input.find(line);
  auto const part = input.substr(0, end);
  input.remove_prefix(end == input.npos ? input.size() : end + line.size());
  return part;
}

std::string with_names(std::string_view text, StreamPlan const& plan) {
  auto const own = parse_json(write_checkpoint(Checkpoint(), plan)).value();
  std::string out(text);
  for (std::string const name : {"stream", "request"}) {
    auto const at = out.find("@" + name);
    if (at != out.npos) out.replace(at, name.size() + 1, own.find(name)->as_string());
  }
  return out;
}

void require_request(HttpRequest const& request, StreamPlan const& plan) {
  auto const origin = net::parse_origin(plan.base_url, false).value();
  require(net::encode_request(request, origin, "").has_value(), "a request can be sent",
          request.target);
}

void require_end(SliceEnd const& end) {
  require(std::ranges::is_sorted(end.seen_keys) &&
              std::ranges::adjacent_find(end.seen_keys) == end.seen_keys.end(),
          "the keys of a slice are sorted and distinct");
  require(!end.resumed || !end.markable, "a resumed slice is not markable");
  require(!end.doubt || !end.markable, "a doubtful slice is not markable");
  for (auto const& total : end.totals) {
    require(is_numeric(total.value), "a total is a number", total.value);
  }
}

void require_page(PageRead const& page, StreamPlan const& plan) {
  require_jsonb(page.checkpoint);
  require(read_checkpoint(page.checkpoint, plan).has_value(),
          "a checkpoint that was written is accepted", page.checkpoint);
  require(page.rows_read >= 0, "the count of rows is not negative");
  if (page.slice_end) require_end(*page.slice_end);
}

}  // namespace

void checkpoint(std::string_view input) {
  auto head = take_line(input);
  auto const& plan = stream_under_test(take_word(head), "keep").plan;
  auto const refused_at = to_choice(take_word(head), 4);
  ReaderStart start;
  start.now = TimePoint(*parse_day("2026-11-21")) + std::chrono::hours(9);
  if (head == "full") start.mode = ReadMode::full;
  start.cursor = with_names(take_part(input), *plan);

  if (auto const read = read_checkpoint(start.cursor, *plan)) {
    auto const written = write_checkpoint(*read, *plan);
    require_jsonb(written);
    auto const again = read_checkpoint(written, *plan);
    require(again && write_checkpoint(*again, *plan) == written,
            "a checkpoint survives writing and reading", written);
  }

  StreamReader reader(plan, start);
  for (int i = 0; i < most_pages; ++i) {
    auto const request = reader.next_request();
    if (!request) break;
    require_request(*request, *plan);
    if (i == refused_at && i > 0) {
      auto const code = i % 2 == 0 ? ErrorCode::bad_request : ErrorCode::window_too_large;
      if (!reader.on_refusal(Error(code, "refused"))) break;
      continue;
    }
    Answer answer;
    auto body = parse_json(take_part(input));
    answer.no_rows = !body;
    if (body) answer.body = std::move(*body);
    auto const page = reader.on_answer(answer, start.now);
    if (!page) return require_error(page.error());
    require_page(*page, *plan);
    reader.on_stored({i % 3 == 0 ? 0 : 1, 1});
  }
  require_jsonb(reader.final_checkpoint());
  require(reader.window().from.has_value() == reader.window().to.has_value(),
          "a window has both ends or neither");
}

}  // namespace affsync::fuzz
