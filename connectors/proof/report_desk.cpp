#include "connectors/proof/report_desk.hpp"

#include <charconv>

#include "connectors/proof/json_edit.hpp"
#include "connectors/proof/query.hpp"

namespace affsync::proof {
namespace {

constexpr std::string_view pending = "pending";
constexpr std::string_view link_path = "/proof-report/${report.id}";

HttpResponse json_answer(Json const& body) {
  HttpResponse response;
  response.status = 200;
  response.headers.add("Content-Type", "application/json");
  response.body = body.dump();
  return response;
}

Json about(engine::ReportSpec const& spec, std::string const& id, bool ready) {
  auto body = with_value(Json::object({}), spec.id, Json::string(id));
  auto const word = ready ? spec.until.words.front() : std::string(pending);
  return with_value(body, spec.until.json, Json::string(word));
}

}  // namespace

HttpResponse ReportDesk::take(engine::ReportSpec const& spec, HttpResponse report) {
  Made made;
  made.report = std::move(report);
  made_.push_back(std::move(made));
  return json_answer(about(spec, "r" + std::to_string(made_.size()), false));
}

ReportDesk::Made* ReportDesk::find(std::string const& id) {
  std::size_t number = 0;
  auto const* const end = id.data() + id.size();
  if (id.empty() || std::from_chars(id.data() + 1, end, number).ptr != end) return nullptr;
  return number >= 1 && number <= made_.size() ? &made_[number - 1] : nullptr;
}

std::optional<HttpResponse> ReportDesk::answer(engine::ReportSpec const& spec,
                                               std::string_view path, std::string const& base_url) {
  auto const id_in = [&](std::string_view pattern) -> std::optional<std::string> {
    auto const places = match_path(pattern, path);
    auto const found = places ? places->find("report.id") : decltype(places->end())();
    if (!places || found == places->end()) return std::nullopt;
    return found->second;
  };
  HttpResponse missing;
  missing.status = 404;
  if (auto const id = id_in(spec.link ? link_path : std::string_view(spec.download))) {
    auto const* made = find(*id);
    return made != nullptr && made->asked > 1 ? made->report : missing;
  }
  auto const id = id_in(spec.poll);
  if (!id) return std::nullopt;
  auto* made = find(*id);
  if (made == nullptr) return missing;
  bool const ready = ++made->asked > 1;
  auto body = about(spec, *id, ready);
  if (ready && spec.link) {
    body = with_value(body, *spec.link, Json::string(base_url + "/proof-report/" + *id));
  }
  return json_answer(body);
}

}  // namespace affsync::proof
