// The rules of a connector about answers: what each of them means, and what a good one holds.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace affsync::engine {

// What an answer means. The engine decides how to react to each class.
enum class AnswerClass {
  ok,
  throttled,
  transient,
  auth_expired,
  auth_invalid,
  permission,
  not_found,
  bad_request,
  window_too_large,
  clock_skew,
  empty,        // an error status that means "no rows"
  end_of_list,  // the same, but only behind the first page of a list
};
std::string_view to_string(AnswerClass answer_class);

// Statuses from `first` to `last`, both inclusive.
struct StatusRange {
  int first = 0;
  int last = 0;
  StatusRange(int status) : first(status), last(status) {}  // NOLINT: a status is a range
  StatusRange(int from, int to) : first(from), last(to) {}
  bool has(int status) const { return status >= first && status <= last; }
  friend bool operator==(StatusRange const&, StatusRange const&) = default;
};

// A value in the body, or a header, and what it must be; as in ErrorRule.
struct AnswerCondition {
  std::optional<JsonPath> json;
  std::string header;
  std::vector<std::string> equals;
  std::vector<std::string> not_equals;
  bool absent = false;
};

// A rule for answers. A rule matches if all of its conditions hold; the first match decides.
struct ErrorRule {
  std::vector<StatusRange> status;  // any of these; empty: any
  // A value in the body, or a header. It must be one of `json_equals`; or present and none of
  // `json_not_equals`; or, if both lists are empty, present and neither null, false, 0 nor empty.
  // If `absent` is set, a value that is missing or null matches too, or alone if the lists are
  // empty. Scalars are compared as text.
  std::optional<JsonPath> json;
  std::string header;  // instead of `json`
  std::vector<std::string> json_equals;
  std::vector<std::string> json_not_equals;
  bool absent = false;
  std::vector<AnswerCondition> further;    // of other values; all must hold
  std::vector<std::string> content_types;  // any of these, in lower case: text/html, text/*
  std::string body_contains;               // ignoring case
  bool no_body = false;                    // the answer has no body, or blanks alone
  std::optional<bool> login;  // true: only for the login's own answer; false: only for others
  AnswerClass answer_class = AnswerClass::bad_request;
  std::optional<std::chrono::seconds> wait;  // throttled: at least this long
};

// A condition that an answer with a good status must meet, such as an envelope's code of success.
struct GoodSpec {
  JsonPath json;
  std::string header;               // instead of `json`
  std::vector<std::string> equals;  // must be one of these
  // Must be present and none of these; if both lists are empty: present and neither null, false, 0
  // nor empty.
  std::vector<std::string> not_equals;
  bool absent = false;  // may be missing or null; if both lists are empty, it must be
  AnswerClass otherwise = AnswerClass::bad_request;  // class of an answer that fails the condition
};

}  // namespace affsync::engine
