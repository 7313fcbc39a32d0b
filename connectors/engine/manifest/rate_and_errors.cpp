// Parses `rate`, `errors` and `good` of a connector file: how fast requests may be sent, and what
// answers mean.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
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

constexpr std::array<std::pair<std::string_view, AnswerClass>, 11> refusals{{
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
    {"end_of_list", AnswerClass::end_of_list},
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
    {"remaining_header", form::texts, "header of the remaining quota, or one for each quota"},
    {"reset_header", form::texts, "header that says when the quota is renewed, or one for each"},
    {"reset_unit", [] { return form::words(reset_units); }, "of reset_header", R"("seconds")"},
    {"wait_text", form::text, "the number after this text in a refusal is the seconds to wait"},
    {"wait_cap", form::duration, "upper bound of a wait within a run", R"("15m")"},
    {"limits", [] { return form::list_of(form::object(limit_keys), 1); },
     "limits that the broker states; each of them holds"},
};

constexpr Range<int> limited_requests{1, 1'000'000};

constexpr Key limit_table[] = {
    {"requests", [] { return form::integer(limited_requests); }, "so many", "", true},
    {"per", form::duration, "in this time", "", true},
    {"of", [] { return form::one_or_more(form::name()); },
     "only of these streams together, or of the login; default: all requests"},
};

Json status_form() {
  return Json::object({{"type", Json::string("string")},
                       {"pattern", Json::string("^[2-5][0-9]{2}-[2-5][0-9]{2}$")}});
}

constexpr Key error_table[] = {
    {"status",
     [] { return form::one_or_more(form::any_of({form::integer(statuses), status_form()})); },
     "of the answer: any of them, or of ranges such as 500-599"},
    {"json", form::path,
     "path of a value in the body; without `equals` and `not_equals` it must not be empty"},
    {"header", form::text, "instead of `json`: a header of the answer"},
    {"equals", form::scalars, "one of them must equal the value"},
    {"not_equals", form::scalars, "none of them may equal the value, which must be there"},
    {"absent", form::flag, "true: a value that is missing or null matches too", "false"},
    {"and", [] { return form::list_of(form::object(condition_keys), 1); },
     "further values of the body or headers; all of these conditions must hold too"},
    {"content_type", form::texts, "of the answer, such as text/html or text/*; any of them"},
    {"contains", form::text, "a text anywhere in the body, ignoring case"},
    {"no_body", form::flag, "true: only an answer without a body, or with blanks alone", "false"},
    {"login", form::flag, "true: only the login's answer; false: only the others"},
    {"class", [] { return form::words(refusals); }, "the meaning of the answer", "", true},
    {"wait", form::duration, "throttled: wait at least this long"},
};

constexpr Key condition_table[] = {
    {"json", form::path, "path of a value in the body"},
    {"header", form::text, "instead of `json`: a header of the answer"},
    {"equals", form::scalars, "one of them must equal the value"},
    {"not_equals", form::scalars, "none of them may equal the value, which must be there"},
    {"absent", form::flag, "true: a value that is missing or null matches too", "false"},
};

constexpr Key good_table[] = {
    {"json", form::path, "path of a value in the body"},
    {"header", form::text, "instead of `json`: a header of the answer"},
    {"equals", form::scalars, "one of them must equal the value"},
    {"not_equals", form::scalars, "none of them may equal the value, which must be there"},
    {"absent", form::flag,
     "true: the value may be missing or null; without `equals` and `not_equals` it must be",
     "false"},
    {"class", [] { return form::words(refusals, "empty"); },
     "the meaning of an answer that does not satisfy the condition", R"("bad_request")"},
};

// The value that a rule or condition looks at, and what it is compared with.
struct Comparison {
  std::optional<JsonPath> json;
  std::string header;
  std::vector<std::string> equals;
  std::vector<std::string> not_equals;
  bool absent = false;
  bool has_value() const { return json || !header.empty(); }
};

Comparison read_comparison(ObjectMap& map) {
  Comparison out;
  map.read("json", out.json);
  if (auto const header = map.find("header")) {
    if (out.json) {
      header->fail("`json` and `header` cannot be combined", "Make two rules or two conditions.");
    }
    out.header = header->text();
    if (!is_header_name(out.header)) {
      header->fail(yaml::quoted(out.header) + " is not the name of an HTTP header");
    }
  }
  auto const check_value = [&](yaml::Node const& node, std::string const& key) {
    if (out.has_value()) return;
    node.fail("`" + key + "` needs `json`, the path of the value to compare, or `header`");
  };
  for (auto const* key : {"equals", "not_equals"}) {
    auto const node = map.find(key);
    if (!node) continue;
    check_value(*node, key);
    if (!out.equals.empty()) {
      node->fail("`equals` and `not_equals` cannot be combined", "Use only one of them.");
    }
    (std::string_view(key) == "equals" ? out.equals : out.not_equals) = read_texts(*node);
  }
  map.read("absent", out.absent);
  if (out.absent) check_value(*map.find("absent"), "absent");
  return out;
}

StatusRange read_status(yaml::Node const& node) {
  auto const text = node.is_scalar() ? node.text() : std::string();
  auto const dash = text.find('-');
  if (dash == std::string::npos || dash == 0) return {read_integer(node, statuses)};
  auto const number = [&](std::string_view digits) {
    int value = 0;
    auto const end = digits.data() + digits.size();
    auto const [stop, error] = std::from_chars(digits.data(), end, value);
    return error == std::errc{} && stop == end ? value : 0;
  };
  StatusRange const range(number(std::string_view(text).substr(0, dash)),
                          number(std::string_view(text).substr(dash + 1)));
  if (range.first < statuses.least || range.last > statuses.most || range.first > range.last) {
    node.fail(yaml::quoted(text) + " is not a range of statuses",
              "Such as 500-599; from 200 to 599.");
  }
  return range;
}

std::vector<std::string> read_content_types(yaml::Node const& node) {
  std::vector<std::string> types;
  for (auto const& item : one_or_more(node)) {
    types.push_back(to_lower(item.text()));
    auto const slash = types.back().find('/');
    bool const is_type = slash != std::string::npos && slash > 0 &&
                         slash + 1 < types.back().size() &&
                         types.back().find_first_of(" ;,") == std::string::npos;
    if (!is_type) {
      item.fail(yaml::quoted(item.text()) + " is not a content type",
                "Such as text/html, or text/* for all texts; without parameters.");
    }
  }
  return types;
}

AnswerCondition read_condition(yaml::Node const& node) {
  ObjectMap map(node, condition_keys);
  auto compared = read_comparison(map);
  map.finish();
  if (!compared.has_value()) {
    node.fail("the condition looks at nothing",
              "Give it `json`, the path of a value in the body, or `header`.");
  }
  return {std::move(compared.json), std::move(compared.header), std::move(compared.equals),
          std::move(compared.not_equals), compared.absent};
}

ErrorRule read_error_rule(yaml::Node const& node) {
  ObjectMap map(node, error_keys);
  ErrorRule rule;
  if (auto const status = map.find("status")) {
    for (auto const& item : one_or_more(*status)) {
      rule.status.push_back(read_status(item));
    }
  }
  auto compared = read_comparison(map);
  rule.json = std::move(compared.json);
  rule.header = std::move(compared.header);
  rule.json_equals = std::move(compared.equals);
  rule.json_not_equals = std::move(compared.not_equals);
  rule.absent = compared.absent;
  if (auto const further = map.find("and")) {
    if (!rule.json && rule.header.empty()) {
      further->fail("`and` needs a first condition beside it", "Give the rule `json` or `header`.");
    }
    for (auto const& item : further->items()) rule.further.push_back(read_condition(item));
  }
  if (auto const types = map.find("content_type")) {
    rule.content_types = read_content_types(*types);
  }
  if (auto const contains = map.find("contains")) {
    rule.body_contains = contains->text();
    if (rule.body_contains.empty()) contains->fail("an empty text is in every answer");
  }
  map.read("no_body", rule.no_body);
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
  if (rule.status.empty() && !rule.json && rule.header.empty() && rule.content_types.empty() &&
      rule.body_contains.empty() && !rule.no_body) {
    node.fail("this rule would match every answer",
              "Give it `status`, `json`, `header`, `content_type` or `contains`.");
  }
  return rule;
}

GoodSpec read_good_condition(yaml::Node const& node) {
  ObjectMap map(node, good_keys);
  GoodSpec good;
  auto compared = read_comparison(map);
  if (!compared.has_value()) {
    node.fail("the condition looks at nothing",
              "Give it `json`, the path of a value in the body, or `header`.");
  }
  if (compared.json) good.json = std::move(*compared.json);
  good.header = std::move(compared.header);
  good.equals = std::move(compared.equals);
  good.not_equals = std::move(compared.not_equals);
  good.absent = compared.absent;
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

Object const limit_keys{"a limit of the rate", "limit", limit_table};
Object const rate_keys{"the rate", "rate", rate_table};
Object const error_keys{"an error rule", "error", error_table};
Object const condition_keys{"a condition of an answer", "condition", condition_table, false,
                            R"({"anyOf": [{"required": ["json"]}, {"required": ["header"]}]})"};
Object const good_keys{"what a good answer holds", "good", good_table, false,
                       R"({"anyOf": [{"required": ["json"]}, {"required": ["header"]}]})"};

namespace form {

Json good_conditions() {
  return any_of({object(good_keys), list_of(object(good_keys))});
}

}  // namespace form

namespace {

RateLimit read_limit(yaml::Node const& node, std::vector<StreamSpec> const& streams) {
  ObjectMap map(node, limit_keys);
  RateLimit limit;
  auto const requests = map.require("requests");
  limit.requests = read_integer(requests, limited_requests);
  limit.per =
      read_duration(map.require("per"), std::chrono::seconds(1), std::chrono::hours(24 * 31));
  std::vector<std::string> known{std::string(login_requests)};
  for (auto const& stream : streams) known.push_back(stream.name);
  if (auto const of = map.find("of")) {
    for (auto const& item : one_or_more(*of)) {
      limit.of.push_back(item.text());
      if (std::ranges::find(known, item.text()) == known.end()) {
        refuse_word(item, item.text(), known, "a stream of this connector");
      }
    }
  }
  map.finish();
  for (auto const& stream : streams) {
    bool const counts =
        limit.of.empty() || std::ranges::find(limit.of, stream.name) != limit.of.end();
    if (!counts || stream.cost <= limit.requests) continue;
    requests.fail("a request of " + yaml::quoted(stream.name) + " costs " +
                  std::to_string(stream.cost) + ", more than this limit");
  }
  return limit;
}

// Reads the headers of one quota or of several.
void read_quota_headers(ObjectMap& map, RateSpec& rate) {
  auto const remaining = map.find("remaining_header");
  auto const reset = map.find("reset_header");
  auto const names = [](std::optional<yaml::Node> const& node) {
    return node ? read_texts(*node) : std::vector<std::string>();
  };
  auto const left = names(remaining), renewed = names(reset);
  if (!left.empty()) rate.remaining_header = left.front();
  if (!renewed.empty()) rate.reset_header = renewed.front();
  if (left.size() <= 1 && renewed.size() <= 1) return;
  if (left.size() != renewed.size()) {
    (left.size() > renewed.size() ? remaining : reset)
        ->fail("each quota needs both of its headers",
               "Give `remaining_header` and `reset_header` as many names.");
  }
  for (std::size_t i = 1; i < left.size(); ++i) {
    rate.further_quotas.push_back({left[i], renewed[i]});
  }
}

}  // namespace

RateSpec read_rate(yaml::Node const& node, std::vector<StreamSpec> const& streams) {
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
  read_quota_headers(map, rate);
  if (auto const value = map.find("reset_unit")) {
    rate.reset_unit = read_word<ResetUnit>(*value, reset_units, "the unit of a reset header");
  }
  map.read("wait_text", rate.wait_text);
  if (auto const value = map.find("wait_cap")) {
    rate.wait_cap = read_duration(*value, std::chrono::seconds(1), std::chrono::hours(24));
  }
  if (auto const limits = map.find("limits")) {
    for (auto const& item : limits->items()) rate.limits.push_back(read_limit(item, streams));
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
  for (auto const& item : node.items()) {
    auto const& rule = rules.emplace_back(read_error_rule(item));
    auto const is_good = [](StatusRange const& range) { return range.has(200); };
    bool const says_none =
        rule.answer_class == AnswerClass::empty || rule.answer_class == AnswerClass::end_of_list;
    bool const by_status = !rule.json && rule.header.empty() && rule.further.empty() &&
                           rule.content_types.empty() && rule.body_contains.empty() &&
                           !rule.no_body;
    if (says_none && by_status && std::ranges::any_of(rule.status, is_good)) {
      item.fail("every good answer would be one without rows",
                "Let the rule look into the answer, by `json` or `contains`.");
    }
  }
  return rules;
}

}  // namespace affsync::engine::grammar
