// Parses `rate`, `errors` and `good` of a connector file: how fast requests may be sent, and what
// answers mean.
#include <array>

#include "connectors/engine/manifest/grammar.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr std::array<std::pair<std::string_view, ResetUnit>, 4> reset_units{{
    {"seconds", ResetUnit::seconds},
    {"milliseconds", ResetUnit::milliseconds},
    {"epoch_seconds", ResetUnit::epoch_seconds},
    {"epoch_milliseconds", ResetUnit::epoch_milliseconds},
}};

constexpr std::array<std::pair<std::string_view, AnswerClass>, 10> refusals{{
    {"throttled", AnswerClass::throttled},
    {"transient", AnswerClass::transient},
    {"auth_expired", AnswerClass::auth_expired},
    {"auth_invalid", AnswerClass::auth_invalid},
    {"permission", AnswerClass::permission},
    {"not_found", AnswerClass::not_found},
    {"bad_request", AnswerClass::bad_request},
    {"window_too_large", AnswerClass::window_too_large},
    {"clock_skew", AnswerClass::clock_skew},
    {"empty", AnswerClass::empty},
}};

// Reads `equals` and `not_equals` for the value at `json`.
void read_comparison(yaml::Map& map, bool has_path, std::vector<std::string>& equals,
                     std::vector<std::string>& not_equals) {
  auto const read = [&](char const* key, std::vector<std::string>& texts) {
    auto const node = map.find(key);
    if (!node) return;
    if (!has_path) {
      node->fail("`" + std::string(key) + "` needs `json`, the path of the value to compare");
    }
    if (!equals.empty()) {
      node->fail("`equals` and `not_equals` cannot be combined", "Use only one of them.");
    }
    texts = read_texts(*node);
  };
  read("equals", equals);
  read("not_equals", not_equals);
}

ErrorRule read_error_rule(yaml::Node const& node) {
  yaml::Map map(node, "an error rule");
  ErrorRule rule;
  if (auto const status = map.find("status")) {
    for (auto const& item : one_or_more(*status)) {
      rule.status.push_back(static_cast<int>(item.as_integer(200, 599)));
    }
  }
  if (auto const json = map.find("json")) rule.json = read_path(*json);
  read_comparison(map, rule.json.has_value(), rule.json_equals, rule.json_not_equals);
  if (auto const contains = map.find("contains")) {
    rule.body_contains = contains->text();
    if (rule.body_contains.empty()) contains->fail("an empty text is in every answer");
  }
  if (auto const login = map.find("login")) rule.login = login->as_bool();
  rule.answer_class =
      read_word<AnswerClass>(map.require("class"), refusals, "the class of an answer");
  if (auto const wait = map.find("wait")) {
    if (rule.answer_class != AnswerClass::throttled) {
      wait->fail("`wait` is only allowed with `class: throttled`");
    }
    rule.wait = read_duration(*wait, std::chrono::seconds(1), std::chrono::hours(24));
  }
  map.finish();
  if (rule.status.empty() && !rule.json && rule.body_contains.empty()) {
    node.fail("this rule would match every answer", "Give it `status`, `json` or `contains`.");
  }
  return rule;
}

GoodSpec read_good_condition(yaml::Node const& node) {
  yaml::Map map(node, "what a good answer holds");
  GoodSpec good;
  good.json = read_path(map.require("json"));
  read_comparison(map, true, good.equals, good.not_equals);
  if (auto const word = map.find("class")) {
    good.otherwise = read_word<AnswerClass>(*word, refusals, "the class of an answer");
    if (good.otherwise == AnswerClass::empty) {
      word->fail("an answer that is not good cannot mean that there are no rows",
                 "Add a rule with `class: empty` to `errors`.");
    }
  }
  map.finish();
  return good;
}

}  // namespace

RateSpec read_rate(yaml::Node const& node) {
  yaml::Map map(node, "the rate");
  RateSpec rate;
  if (auto const value = map.find("requests_per_second")) {
    rate.requests_per_second = value->as_number(0.01, 1000);
  }
  if (auto const value = map.find("max_requests_per_second")) {
    rate.max_requests_per_second = value->as_number(rate.requests_per_second, 1000);
  }
  if (auto const value = map.find("burst")) rate.burst = value->as_number(1, 1000);
  if (auto const value = map.find("concurrency")) {
    rate.concurrency = static_cast<int>(value->as_integer(1, 64));
  }
  if (auto const value = map.find("remaining_header")) rate.remaining_header = value->text();
  if (auto const value = map.find("reset_header")) rate.reset_header = value->text();
  if (auto const value = map.find("reset_unit")) {
    rate.reset_unit = read_word<ResetUnit>(*value, reset_units, "the unit of a reset header");
  }
  if (auto const value = map.find("wait_text")) rate.wait_text = value->text();
  if (auto const value = map.find("wait_cap")) {
    rate.wait_cap = read_duration(*value, std::chrono::seconds(1), std::chrono::hours(24));
  }
  map.finish();
  return rate;
}

std::vector<GoodSpec> read_good(yaml::Node const& node) {
  std::vector<GoodSpec> good;
  if (!node.is_sequence()) {
    good.push_back(read_good_condition(node));
    return good;
  }
  for (auto const& item : node.items()) good.push_back(read_good_condition(item));
  return good;
}

std::vector<ErrorRule> read_errors(yaml::Node const& node) {
  std::vector<ErrorRule> rules;
  for (auto const& item : node.items()) rules.push_back(read_error_rule(item));
  return rules;
}

}  // namespace affsync::engine::grammar
