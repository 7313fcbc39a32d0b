// Parses `rate`, `errors` and `good` of a connector file: how fast requests may be sent, and what
// answers mean.
#include <array>

#include "connectors/engine/manifest/grammar.hpp"
#include "connectors/engine/manifest/keys.hpp"

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

constexpr Range<double> rates{0.01, 1000};
constexpr Range<double> bursts{1, 1000};
constexpr Range<int> concurrencies{1, 64};
constexpr Range<int> statuses{200, 599};

constexpr Key rate_table[] = {
    {"requests_per_second", [] { return form::number(rates); },
     "the rate to begin with; the rest is learned", "5"},
    {"max_requests_per_second", [] { return form::number(rates); },
     "upper bound even if nothing is refused"},
    {"burst", [] { return form::number(bursts); },
     "requests that may be sent at once to begin with", "5"},
    {"concurrency", [] { return form::integer(concurrencies); },
     "upper bound of simultaneous requests; default: as many as requests_per_second, from 2 to 8"},
    {"remaining_header", form::text, "header of the remaining quota"},
    {"reset_header", form::text, "header that says when the quota is renewed"},
    {"reset_unit", [] { return form::words(reset_units); }, "of reset_header", R"("seconds")"},
    {"wait_text", form::text, "the number after this text in a refusal is the seconds to wait"},
    {"wait_cap", form::duration, "upper bound of a wait within a run", R"("15m")"},
};

constexpr Key error_table[] = {
    {"status", [] { return form::one_or_more(form::integer(statuses)); },
     "of the answer; any of them"},
    {"json", form::path,
     "path of a value in the body; without `equals` and `not_equals` it must not be empty"},
    {"equals", form::scalars, "one of them must equal the value"},
    {"not_equals", form::scalars, "none of them may equal the value, which must be there"},
    {"contains", form::text, "a text anywhere in the body, ignoring case"},
    {"login", form::flag, "true: only the login's answer; false: only the others"},
    {"class", [] { return form::words(refusals); }, "the meaning of the answer", "", true},
    {"wait", form::duration, "throttled: wait at least this long"},
};

constexpr Key good_table[] = {
    {"json", form::path, "path of a value in the body", "", true},
    {"equals", form::scalars, "one of them must equal the value"},
    {"not_equals", form::scalars, "none of them may equal the value, which must be there"},
    {"class", [] { return form::words(refusals, "empty"); },
     "the meaning of an answer that does not satisfy the condition", R"("bad_request")"},
};

// Reads `equals` and `not_equals` for the value at `json`.
void read_comparison(ObjectMap& map, bool has_path, std::vector<std::string>& equals,
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
  ObjectMap map(node, error_keys);
  ErrorRule rule;
  if (auto const status = map.find("status")) {
    for (auto const& item : one_or_more(*status)) {
      rule.status.push_back(read_integer(item, statuses));
    }
  }
  map.read("json", rule.json);
  read_comparison(map, rule.json.has_value(), rule.json_equals, rule.json_not_equals);
  if (auto const contains = map.find("contains")) {
    rule.body_contains = contains->text();
    if (rule.body_contains.empty()) contains->fail("an empty text is in every answer");
  }
  map.read("login", rule.login);
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
  ObjectMap map(node, good_keys);
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

Object const rate_keys{"the rate", "rate", rate_table};
Object const error_keys{"an error rule", "error", error_table};
Object const good_keys{"what a good answer holds", "good", good_table};

namespace form {

Json good_conditions() {
  return any_of({object(good_keys), list_of(object(good_keys))});
}

}  // namespace form

RateSpec read_rate(yaml::Node const& node) {
  ObjectMap map(node, rate_keys);
  RateSpec rate;
  if (auto const value = map.find("requests_per_second")) {
    rate.requests_per_second = read_number(*value, rates);
  }
  if (auto const value = map.find("max_requests_per_second")) {
    rate.max_requests_per_second = read_number(*value, {rate.requests_per_second, rates.most});
  }
  if (auto const value = map.find("burst")) rate.burst = read_number(*value, bursts);
  if (auto const value = map.find("concurrency")) {
    rate.concurrency = read_integer(*value, concurrencies);
  }
  map.read("remaining_header", rate.remaining_header);
  map.read("reset_header", rate.reset_header);
  if (auto const value = map.find("reset_unit")) {
    rate.reset_unit = read_word<ResetUnit>(*value, reset_units, "the unit of a reset header");
  }
  map.read("wait_text", rate.wait_text);
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
