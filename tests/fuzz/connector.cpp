// A connector file. For any text: it is refused with file, line and column, or it can be planned,
// makes requests, and its plans read an answer without failure.
#include "base/utf8.hpp"
#include "connectors/engine/request/auth.hpp"
#include "connectors/engine/request/signature.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "tests/fuzz/cells.hpp"
#include "tests/fuzz/plans.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {
namespace {

using namespace engine;

constexpr std::string_view some_answer =
    R"({"data": [{"id": 1, "a": "1.5", "at": "2026-11-20T10:00:00Z", "client": {"uid": "x-1"}},
                 {"id": "2", "amount": 3, "currency": "eur", "day": "20.11.2026", "status": "new"}],
        "next": "c2", "total": 2, "more": true})";

void require_place(Error const& error, std::string_view file) {
  require_error(error);
  require(error.code == ErrorCode::config_invalid,
          "an error in a connector file has the code config_invalid", error.to_line());
  require(error.where.starts_with(file), "an error names its place in the file", error.to_line());
}

void read_with(std::shared_ptr<StreamPlan const> const& plan) {
  if (!plan->path_known) return;
  ReaderStart start;
  start.now = TimePoint(*parse_day("2026-11-21")) + std::chrono::hours(9);
  start.items = {"one", "two"};
  StreamReader reader(plan, start);
  static auto const body = parse_json(some_answer).value();
  for (int i = 0; i < 4; ++i) {
    auto const request = reader.next_request();
    if (!request) return;
    require(request->target.starts_with('/'), "a request asks for a path", request->target);
    for (char const c : request->target) {
      require(c > ' ' && c <= '~', "the target of a request is encoded", request->target);
    }
    Answer answer;
    answer.body = body;
    auto const read = reader.on_answer(answer, start.now);
    if (!read) return require_error(read.error());
    require_jsonb(read->checkpoint);
  }
}

// A request is sent with its secrets, but shown without them.
void send_with(SourcePlan const& source, std::shared_ptr<StreamPlan const> const& plan) {
  if (!plan->path_known) return;
  ReaderStart start;
  start.now = TimePoint(*parse_day("2026-11-21")) + std::chrono::hours(9);
  start.items = {"item/1"};
  auto request = StreamReader(plan, start).next_request();
  if (!request) return;
  Token token;
  token.text = Secret("t0ken");
  if (auto const* login = std::get_if<LoginTokenAuth>(&source.auth)) {
    for (auto const& [name, place] : login->more_tokens) token.more.emplace(name, Secret("m0re"));
  }
  auto const shown = request->place();
  authorize(*request, source.auth, source.credentials, &token);
  add_extras(*request, source.extras, source.credentials, &token);
  if (source.signature) {
    sign(*request, *source.signature, signed_base_of(source.base_url), source.credentials,
         start.now, "00112233");
  }
  require(request->place() == shown, "what is shown of a request has no secrets", shown);
  for (char const c : request->sent_target()) {
    require(c > ' ' && c <= '~', "the target of a request is encoded", shown);
  }
}

}  // namespace

void connector(std::string_view input) {
  auto const manifest = parse_manifest(input, "fuzz.yaml");
  if (!manifest) return require_place(manifest.error(), "fuzz.yaml");
  auto const plan = make_source_plan(*manifest, settings_for(*manifest));
  if (!plan) return require_error(plan.error());
  for (auto const& stream : plan->streams) {
    try {
      read_with(stream);
      send_with(*plan, stream);
    } catch (Failure const& failure) {  // more values of `for_each` than the file allows
      require(failure.error().code == ErrorCode::config_invalid, "a plan can be read",
              failure.error().to_line());
    }
  }
}

}  // namespace affsync::fuzz
