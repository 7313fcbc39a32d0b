#include "daemon/reports/lines.hpp"

namespace affsync::reports {

std::vector<ReportLine> report_lines(ReportPlan const& plan, schema::Store::Table const& rows) {
  auto const is_all = [&](std::size_t i) {
    return !rows.rows[i].empty() && rows.rows[i].back() == "all";
  };
  auto const is_total = [&](std::size_t i) {
    return is_all(i) || (!rows.rows[i].empty() && rows.rows[i].back() == "t");
  };
  std::vector<ReportLine> lines;
  for (std::size_t begin = 0; begin < rows.rows.size();) {
    if (is_total(begin)) {
      lines.push_back({begin, true, is_all(begin), 0});
      ++begin;
      continue;
    }
    auto end = begin;
    while (end < rows.rows.size() && !is_total(end)) ++end;
    auto const limit = static_cast<std::size_t>(plan.limit);
    auto const left_out = limit > 0 && end - begin > limit ? end - begin - limit : 0;
    if (left_out > 0 && plan.latest) lines.push_back({begin, false, false, left_out});
    auto const first = plan.latest ? begin + left_out : begin;
    auto const last = plan.latest ? end : end - left_out;
    for (auto row = first; row < last; ++row) lines.push_back({row, false, false, 0});
    if (left_out > 0 && !plan.latest) lines.push_back({last, false, false, left_out});
    begin = end;
  }
  return lines;
}

}  // namespace affsync::reports
