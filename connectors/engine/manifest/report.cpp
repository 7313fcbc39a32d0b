// Parses `report` of a stream.
#include <algorithm>

#include "base/case_fold.hpp"
#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"
#include "connectors/engine/manifest/placeholders.hpp"
#include "connectors/engine/manifest/report_spec.hpp"

namespace affsync::engine {

bool ReportState::holds(Json const& body) const {
  auto const* value = json.in(body);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  return text && std::ranges::any_of(
                     words, [&](std::string const& word) { return equal_folded(word, *text); });
}

}  // namespace affsync::engine

namespace affsync::engine::grammar {
namespace {

constexpr std::string_view id_placeholder = "report.id";

constexpr Key state_table[] = {
    {"json", form::path, "path of a value in the answer", "", true},
    {"equals", form::scalars, "what it then is, ignoring case", "", true},
};

constexpr Key report_table[] = {
    {"id", form::path, "path of the report's id in the answer to the stream's request", "", true},
    {"poll", form::text, "path of the request for the report's state, with ${report.id}", "", true},
    {"until", [] { return form::object(report_state_keys); }, "when the report is ready", "", true},
    {"failed", [] { return form::object(report_state_keys); }, "when it will never be"},
    {"download", form::text,
     "path of the request for the report (/reports/${report.id}/file), or path of a link in the "
     "answer about its state",
     "", true},
    {"every", form::duration, "how often its state is asked for", R"("5s")"},
    {"most", form::duration, "how long it may take", R"("30m")"},
};

ReportState read_state(yaml::Node const& node) {
  ObjectMap map(node, report_state_keys);
  ReportState state;
  state.json = read_path(map.require("json"));
  state.words = read_texts(map.require("equals"));
  map.finish();
  return state;
}

std::string read_report_path(yaml::Node const& node) {
  auto path = node.text();
  if (!path.starts_with('/') || path.starts_with("//") ||
      path.find_first_of("?# ") != std::string::npos) {
    node.fail(yaml::quoted(path) + " is not the path of a request",
              "Start it with a single /; the host belongs in `base_url`.");
  }
  auto const names = placeholder_names(path);
  if (!names) node.fail("a `${` without its `}`");
  for (auto const& name : *names) {
    if (name != id_placeholder) node.fail("only ${report.id} can be used here");
  }
  return path;
}

}  // namespace

Object const report_state_keys{"a state of the report", "report_state", state_table};
Object const report_keys{"the report", "report", report_table};

ReportSpec read_report(yaml::Node const& node) {
  using std::chrono::seconds;
  ObjectMap map(node, report_keys);
  ReportSpec report;
  report.id = read_path(map.require("id"));
  report.poll = read_report_path(map.require("poll"));
  report.until = read_state(map.require("until"));
  if (auto const failed = map.find("failed")) report.failed = read_state(*failed);
  auto const download = map.require("download");
  if (download.text().starts_with('/')) {
    report.download = read_report_path(download);
  } else {
    report.link = read_path(download);
  }
  if (auto const every = map.find("every")) {
    report.every = read_duration(*every, seconds(1), seconds(3600));
  }
  if (auto const most = map.find("most")) {
    report.most = read_duration(*most, report.every, seconds(6 * 3600));
  }
  map.finish();
  return report;
}

}  // namespace affsync::engine::grammar
