#include "schema/store/inlined_rates.hpp"

#include <cctype>
#include <stdexcept>
#include <vector>

namespace affsync::schema {
namespace {

constexpr std::string_view call_words = "CROSS JOIN LATERAL affsync.usd_rate(";

// {name} stands for an argument of the function, {r} for the alias of its result.
constexpr std::string_view joins = R"sql(LEFT JOIN LATERAL (
  SELECT x.usd_rate
  FROM affsync.fx_rate x
  WHERE ({wanted}) AND coalesce({whole}, {currency}) <> 'USD'
    AND x.currency = coalesce({whole}, {currency})
    AND x.on_date BETWEEN {day} - 7 AND {day}
  ORDER BY x.on_date DESC, x.source_id, x.stream
  LIMIT 1
) {r}_given ON true
LEFT JOIN LATERAL (
  SELECT (m.rates ->> (coalesce({whole}, {currency}) || ' ' || {day}))::numeric AS usd_rate
  FROM affsync.fx_implied_by_day m
  WHERE {r}_given.usd_rate IS NULL
) {r}_implied ON true
CROSS JOIN LATERAL (
  SELECT
    CASE
      WHEN coalesce({whole}, {currency}) = 'USD' THEN coalesce({factor}, 1)
      WHEN {wanted} THEN coalesce({factor}, 1) * coalesce({r}_given.usd_rate, {r}_implied.usd_rate)
    END AS usd_rate,
    CASE
      WHEN {currency} = 'USD' THEN 'same currency'
      WHEN {whole} = 'USD' THEN 'fixed rate'
      WHEN {r}_given.usd_rate IS NOT NULL THEN 'fx_rate'
      WHEN {r}_implied.usd_rate IS NOT NULL THEN 'implied'
    END AS origin
) {r})sql";

std::string trimmed(std::string_view text) {
  constexpr auto blanks = " \n\t";
  auto const from = text.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return std::string(text.substr(from, text.find_last_not_of(blanks) + 1 - from));
}

struct Call {
  std::vector<std::string> arguments;
  std::string alias;
  std::size_t end = 0;
};

// Reads from behind the opening parenthesis.
Call read_call(std::string_view sql, std::size_t at) {
  Call call;
  int depth = 1;
  auto begin = at;
  for (; at < sql.size(); ++at) {
    auto const c = sql[at];
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (depth == 0 || (depth == 1 && c == ',')) {
      call.arguments.push_back(trimmed(sql.substr(begin, at - begin)));
      begin = at + 1;
    }
    if (depth == 0) break;
  }
  auto const from = sql.find_first_not_of(" \n", std::min(at + 1, sql.size()));
  call.end = std::min(from, sql.size());
  auto const in_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  while (call.end < sql.size() && in_name(sql[call.end])) ++call.end;
  if (from != std::string_view::npos) call.alias = sql.substr(from, call.end - from);
  if (call.arguments.size() != 5 || call.alias.empty()) {
    throw std::logic_error("affsync.usd_rate takes five arguments, and an alias without AS");
  }
  return call;
}

std::string filled(Call const& call) {
  std::string text;
  for (std::size_t at = 0; at < joins.size();) {
    auto const open = std::min(joins.find('{', at), joins.size());
    text += joins.substr(at, open - at);
    if (open == joins.size()) break;
    auto const close = joins.find('}', open);
    auto const name = joins.substr(open + 1, close - open - 1);
    auto const& arguments = call.arguments;
    text += name == "currency" ? arguments[0]
            : name == "day"    ? arguments[1]
            : name == "wanted" ? arguments[2]
            : name == "whole"  ? arguments[3]
            : name == "factor" ? arguments[4]
                               : call.alias;
    at = close + 1;
  }
  return text;
}

}  // namespace

std::string with_inlined_rates(std::string_view sql) {
  std::string text;
  for (std::size_t at = 0;;) {
    auto const found = sql.find(call_words, at);
    text += sql.substr(at, found == std::string_view::npos ? found : found - at);
    if (found == std::string_view::npos) return text;
    auto const one = read_call(sql, found + call_words.size());
    text += filled(one);
    at = one.end;
  }
}

}  // namespace affsync::schema
