// Parses queries.
#include "tests/sandbox/wintrado/queries.hpp"

#include <algorithm>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::wintrado {
namespace {

struct Order {
  std::size_t column;
  bool descending;
};

// "column|ASC"
std::optional<Order> read_order(std::string_view text, Feed const& feed) {
  auto const column = text.substr(0, text.find('|'));
  auto const direction = text.substr(std::min(text.size(), column.size() + 1));
  auto const columns = feed.order_columns();
  auto const found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end() || (direction != "ASC" && direction != "DESC")) return std::nullopt;
  return Order{static_cast<std::size_t>(found - columns.begin()), direction == "DESC"};
}

// The midnight that begins the day, or the one that ends it.
TimePoint read_day(Query const& query, std::string const& name, bool ends, TimePoint fallback,
                   Texts& problems) {
  auto const text = query.find(name);
  if (!text) return fallback;
  auto const day = parse_day(*text);
  if (!day) problems.push_back(name + " must be a date");
  return day ? TimePoint(*day) + std::chrono::days(ends ? 1 : 0) : fallback;
}

}  // namespace

PageWindow read_window(Query const& query, std::size_t usual, std::size_t most, Texts& problems) {
  auto const number = [&](std::string_view name, std::size_t fallback) {
    auto const text = query.find(name);
    if (!text) return fallback;
    auto const value = whole_number(*text);
    if (!value || (name == "limit" && *value == 0))
      problems.push_back(std::string(name) + " must be a positive number");
    return value.value_or(fallback);
  };
  auto const limit = std::min(number("limit", usual), most);
  return {number("offset", 0), limit};
}

std::shared_ptr<Selection const> select_by_state(
    Feed const& feed, Query const& query, Texts const& states,
    std::function<std::string_view(Handle)> const& state_of, SelectionCache& cache,
    Texts& problems) {
  auto const order = query.find("order").value_or("DESC");
  if (order != "ASC" && order != "DESC") problems.emplace_back("order must be ASC or DESC");
  auto const wanted = query.list("statuses");
  for (auto const& state : wanted)
    if (std::find(states.begin(), states.end(), state) == states.end())
      problems.push_back("statuses: unknown value " + state);
  if (!problems.empty()) return nullptr;
  std::string text(order);
  for (auto const& state : wanted) text.append(" ").append(state);
  if (auto cached = cache.find(feed, text)) return cached;
  Selection selection(feed);
  if (!wanted.empty())
    selection.keep_if(feed, [&](Handle row) {
      return std::find(wanted.begin(), wanted.end(), state_of(row)) != wanted.end();
    });
  if (order == "DESC") selection.reverse();
  return cache.keep(feed, std::move(text), std::move(selection));
}

std::shared_ptr<Selection const> select_customers(Customers const& customers, Query const& query,
                                                  std::optional<std::uint64_t> shuffle,
                                                  SelectionCache& cache, Texts& problems) {
  auto const order = read_order(query.find("orderBy").value_or("id|ASC"), customers);
  if (!order) problems.emplace_back("orderBy must be column|ASC or column|DESC");
  auto const since = read_day(query, "updatedSince", false, TimePoint::min(), problems);
  auto const until = read_day(query, "updatedTo", true, TimePoint::max(), problems);
  if (!problems.empty()) return nullptr;

  std::string text = shuffle ? std::to_string(*shuffle) + "&" : std::string();
  for (auto const& [name, value] : query.fields())
    if (name != "limit" && name != "offset") text.append(name + "=" + value + "&");
  if (auto cached = cache.find(customers, text)) return cached;
  Selection selection(customers);
  auto const search = query.find("search").value_or("");
  auto const external = query.find("externalId");
  auto const sources = query.list("sources");
  selection.keep_if(customers, [&](Handle row) {
    auto const updated = customers.updated(row);
    return updated >= since && updated < until &&
           (search.empty() || customers.matches(row, search)) &&
           (!external || customers.external_id(row) == *external) &&
           (sources.empty() ||
            std::find(sources.begin(), sources.end(), customers.source(row)) != sources.end());
  });
  if (shuffle)
    selection.sort(
        customers, [&](Handle row) { return scramble(row ^ scramble(*shuffle)); }, false);
  selection.sort(
      customers, [&](Handle row) { return customers.order_key(row, order->column); },
      order->descending);
  return cache.keep(customers, std::move(text), std::move(selection));
}

}  // namespace affsync::sandbox::wintrado
