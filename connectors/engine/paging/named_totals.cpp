#include "connectors/engine/paging/named_totals.hpp"

#include <algorithm>

#include "base/decimal.hpp"
#include "base/text.hpp"
#include "connectors/engine/values/localized_numbers.hpp"
#include "connectors/engine/values/words.hpp"

namespace affsync::engine {
namespace {

std::optional<std::string> figure_at(ReconcileSpec const& check, Json const& body) {
  auto const* value = check.broker_value.in(body);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  if (!text) return std::nullopt;
  auto const written = trim_blanks(*text);
  std::string plain;
  bool const is_local = check.number_format && value->is_string() &&
                        read_localized(written, *check.number_format, plain).empty();
  auto number = parse_decimal(is_local ? std::string_view(plain) : written);
  if (number.error != DecimalError::none) return std::nullopt;
  return std::move(number.text);
}

}  // namespace

NamedTotals::NamedTotals(StreamSpec const& spec) : page_(spec.page) {
  auto const add = [&](std::string const& path, ReconcileSpec const* check) {
    Named named;
    named.path = path;
    named.check = check;
    named_.push_back(std::move(named));
  };
  if (page_.total) add(page_.total->text(), nullptr);
  if (!page_.headers.total.empty()) add("header " + page_.headers.total, nullptr);
  if (page_.total_pages()) add(page_.total_pages()->text(), nullptr);
  if (!page_.headers.total_pages.empty()) add("header " + page_.headers.total_pages, nullptr);
  for (auto const& check : spec.reconcile) add(check.broker_value.text(), &check);
}

void NamedTotals::begin_slice() {
  forgotten_ = false;
  for (auto& named : named_) {
    named.is_missing = false;
    if (named.check != nullptr) named.of_slice = "0";
  }
}

void NamedTotals::begin_list() {
  for (auto& named : named_) named.in_answer = named.in_list = false;
}

void NamedTotals::note(Named& named, bool found) {
  named.in_answer = found;
  named.in_list = named.in_list || found;
}

void NamedTotals::note(Json const& body, PageHints const& hints) {
  auto named = named_.begin();
  if (page_.has_total()) note(*named++, hints.total.has_value());
  if (page_.has_total_pages()) note(*named++, hints.total_pages.has_value());
  for (; named != named_.end(); ++named) {
    auto figure = figure_at(*named->check, body);
    note(*named, figure.has_value());
    if (figure) named->of_list = std::move(*figure);
  }
}

void NamedTotals::end_list(bool had_rows) {
  for (auto& named : named_) {
    // Without rows there often is no sum.
    if (!named.in_list && had_rows) named.is_missing = true;
    if (named.check == nullptr) continue;
    if (!named.in_list) {
      named.of_slice.reset();
    } else if (named.of_slice) {
      named.of_slice = add_decimals(*named.of_slice, named.of_list);
    }
  }
}

std::vector<BrokerTotal> NamedTotals::of_slice() const {
  std::vector<BrokerTotal> totals;
  for (auto const& named : named_) {
    if (named.check == nullptr || !named.of_slice || forgotten_) continue;
    auto const& check = *named.check;
    totals.push_back({check.metric, check.column, *named.of_slice, check.tolerance});
  }
  return totals;
}

std::vector<std::string> NamedTotals::paths_of(Flag flag, bool wanted) const {
  std::vector<std::string> paths;
  for (auto const& named : named_) {
    bool const is_listed = std::ranges::find(paths, named.path) != paths.end();
    if (named.*flag == wanted && !is_listed) paths.push_back(named.path);
  }
  return paths;
}

std::vector<std::string> NamedTotals::missing() const {
  return paths_of(&Named::is_missing, true);
}

std::vector<std::string> NamedTotals::missing_in_answer() const {
  return paths_of(&Named::in_answer, false);
}

}  // namespace affsync::engine
