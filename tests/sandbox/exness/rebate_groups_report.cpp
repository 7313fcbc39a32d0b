// GET /api/v2/autorebates/groups/
#include <array>

#include "tests/sandbox/exness/rebates.hpp"
#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::exness {
namespace {

struct Group {
  std::string_view title, type, period;
  int percent, period_value;
  bool is_default;
};
constexpr std::array<Group, 5> groups{Group{"Default", "default", "daily", 0, 1, true},
                                      Group{"Gold \xe2\x98\x85", "custom", "daily", 50, 1, false},
                                      Group{"Friends & family", "custom", "weekly", 100, 1, false},
                                      Group{"25% starter", "link", "weekly", 25, 2, false},
                                      Group{"Monthly", "custom", "monthly", 33, 1, false}};
constexpr std::array<std::string_view, 2> group_order_columns{"group_title", "created"};
constexpr std::array group_filters{SetFilter{"group_id", ValueForm::digits}};

}  // namespace

RebateGroups::RebateGroups(World const& world)
    : Feed("rebate_groups", "/api/v2/autorebates/groups/", groups.size()), world_(world) {}

std::uint32_t RebateGroups::group_of(std::uint32_t account) {
  return static_cast<std::uint32_t>(scramble(account + 77) % groups.size());
}

std::string_view RebateGroups::title_of(Handle row) {
  return groups[row].title;
}
int RebateGroups::percent_of(Handle row) {
  return groups[row].percent;
}

std::uint32_t RebateGroups::accounts_in(Handle row) const {
  std::uint32_t count = 0;
  for (std::uint32_t account = 0; account < world_.accounts(); ++account)
    count += group_of(account) == row;
  return count;
}

void RebateGroups::write_row(Handle row, std::string& out) const {
  auto const& group = groups[row];
  ObjectWriter json(out);
  json.raw("id", key(row));
  json.plain("partner_uid", "5f0c1a9e-7d42-4b8e-9c3d-2f1e0a6b7c8d");
  json.text("group_title", group.title);
  json.plain("group_type", group.type);
  json.number("clients_count", accounts_in(row));
  json.number("rebate_percent", group.percent + static_cast<int>(revision(row)));
  json.plain("created", world_.time_text(-200 + static_cast<int>(row) * 30, row));
  json.boolean("is_default", group.is_default);
  json.raw("rebate_size", group.is_default ? R"({"min":0,"max":0})" : R"({"min":0.5,"max":12.75})");
  json.plain("rebate_period", group.period);
  json.number("rebate_period_value", group.period_value);
  json.plain("rebate_period_start", world_.day_text(world_.today() - 6));
  json.plain("rebate_period_end", world_.day_text(world_.today()));
  if (group.type == "link")
    json.plain("link_code", "a1b2c3d4e5");
  else
    json.plain("link_code", "");
  json.close();
}

void RebateGroups::write_totals(Totals const&, ObjectWriter& out) const {
  out.number("clients", world_.accounts());
}

std::span<std::string_view const> RebateGroups::order_columns() const {
  return group_order_columns;
}

std::uint64_t RebateGroups::order_key(Handle row, std::size_t column) const {
  constexpr std::array<std::uint64_t, 5> place_of_title{1, 3, 2, 0, 4};
  return column == 0 ? place_of_title[row] : row;
}

std::span<SetFilter const> RebateGroups::set_filters() const {
  return group_filters;
}

}  // namespace affsync::sandbox::exness
