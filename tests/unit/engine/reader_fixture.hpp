// Helpers for the tests of the reader: plans built by hand, and a small in-memory list server that
// answers limit and offset and misbehaves on demand.
#pragma once

#include <charconv>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "connectors/engine/stream_reader.hpp"

namespace affsync::engine {

inline ColumnMapping map_column(std::string column, std::string from, ValueType type) {
  ColumnMapping mapping;
  mapping.column = std::move(column);
  mapping.from.emplace_back(from);
  mapping.type = type;
  return mapping;
}

// A feed of commissions: {"data": [{"id", "reward"}], "totals": {"count"}}.
inline StreamPlan list_plan(int size, int overlap) {
  StreamPlan plan;
  plan.source = "src";
  plan.stream = "rewards";
  plan.spec->name = "rewards";
  plan.spec->request.path = "/api/rewards/";
  plan.spec->page.kind = OffsetPaging{.overlap = overlap};
  plan.spec->page.size = PageSize{.rows = size};
  plan.spec->page.total = JsonPath("totals.count");
  plan.spec->records.emplace_back("data");
  plan.spec->map.table = find_record_table("commission");
  plan.spec->map.key.emplace_back("id");
  plan.spec->map.columns.push_back(map_column("amount", "reward", ValueType::decimal));
  return plan;
}

inline StreamPlan windowed_plan(int size, int overlap, Day start, int span_days) {
  auto plan = list_plan(size, overlap);
  WindowSpec window;
  window.from_parameter = "date_from";
  window.to_parameter = "date_to";
  window.start = start;
  window.span_days = span_days;
  window.lookback_days = 7;
  window.column = "occurred_on";
  plan.spec->window = window;
  return plan;
}

inline std::map<std::string, std::string> query_of(HttpRequest const& request) {
  std::map<std::string, std::string> query;
  auto const mark = request.target.find('?');
  if (mark == std::string::npos) return query;
  std::string_view rest = std::string_view(request.target).substr(mark + 1);
  while (!rest.empty()) {
    auto const part = rest.substr(0, rest.find('&'));
    auto const equals = part.find('=');
    query[std::string(part.substr(0, equals))] = std::string(part.substr(equals + 1));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  }
  return query;
}

class ListServer {
 public:
  std::vector<std::string> ids;  // the list, in order
  std::size_t cap = 1'000'000;   // maximum rows per page
  bool ignores_offset = false;
  bool ignores_limit = false;
  bool tells_total = true;
  std::function<std::int64_t(std::int64_t)> total_of = [](std::int64_t count) { return count; };
  std::function<void(int)> before_answer;  // called with the number of the request, from 1

  int requests = 0;
  std::vector<std::int64_t> offsets;  // requested offsets

  static ListServer with(int count) {
    ListServer server;
    for (int i = 0; i < count; ++i) server.ids.push_back("r" + std::to_string(i));
    return server;
  }

  Answer answer(HttpRequest const& request) {
    auto const query = query_of(request);
    std::size_t const limit = ignores_limit ? ids.size() : std::stoul(query.at("limit"));
    auto const asked = std::stoll(query.at("offset"));
    offsets.push_back(asked);
    if (before_answer)
      before_answer(++requests);
    else
      ++requests;
    std::size_t const offset = ignores_offset ? 0 : static_cast<std::size_t>(asked);
    std::string text = R"({"data":[)";
    for (std::size_t i = offset; i < std::min(ids.size(), offset + std::min(limit, cap)); ++i) {
      text += (i > offset ? "," : "") + row(ids[i]);
    }
    text += "]";
    if (tells_total) {
      auto const total = total_of(static_cast<std::int64_t>(ids.size()));
      text += R"(,"totals":{"count":)" + std::to_string(total) + "}";
    }
    Answer out;
    out.body = parse_json(text + "}").value();
    return out;
  }

  static std::string row(std::string const& id) {
    return R"({"id":")" + id + R"(","reward":"1.50"})";
  }
};

// The result of a whole pass.
struct Pass {
  std::multiset<std::string> stored;  // external ids of all batches
  std::set<std::string> ids() const { return {stored.begin(), stored.end()}; }
  std::vector<QuarantinedRow> quarantined;
  std::vector<SliceEnd> ends;
  std::vector<std::string> checkpoints;
  std::vector<std::string> targets;
  std::int64_t rows_read = 0;
  std::optional<Error> error;
};

inline TimePoint at(std::string_view day, int hour = 12) {
  return *parse_day(day) + std::chrono::hours(hour);
}

inline void take(Pass& pass, PageRead& page) {
  for (auto const& batch : page.batches) {
    for (std::size_t i = 0; i < batch.size(); ++i) pass.stored.insert(batch.external_id(i));
  }
  for (auto& row : page.quarantined) pass.quarantined.push_back(std::move(row));
  pass.checkpoints.push_back(page.checkpoint);
  pass.rows_read += page.rows_read;
  if (page.slice_end) pass.ends.push_back(std::move(*page.slice_end));
}

// Runs the reader to its end, or for at most `most` requests.
template <class Server>
Pass run(StreamReader& reader, Server& server, TimePoint now, int most = 10'000) {
  Pass pass;
  for (int i = 0; i < most; ++i) {
    auto const request = reader.next_request();
    if (!request) return pass;
    pass.targets.push_back(request->target);
    auto page = reader.on_answer(server.answer(*request), now);
    if (!page) {
      pass.error = page.error();
      return pass;
    }
    take(pass, *page);
  }
  return pass;
}

template <class Server>
Pass read_all(StreamPlan const& plan, Server& server, ReaderStart start = {}) {
  if (start.now == TimePoint{}) start.now = at("2026-06-15");
  StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
  return run(reader, server, start.now);
}

}  // namespace affsync::engine
