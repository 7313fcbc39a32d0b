#include "connectors/engine/answer/http_status.hpp"

#include <charconv>

#include "base/text.hpp"
#include "connectors/engine/answer/text.hpp"

namespace affsync::engine {
namespace {

constexpr int partial_content = 206;

// `items 0-37/40`, `bytes 0-90/5000`, `0-999/*`; some servers leave out the unit.
struct ContentRange {
  std::string_view unit;
  std::int64_t first = 0, last = 0;
  std::optional<std::int64_t> total;

  bool is_whole() const { return total && last - first + 1 >= *total; }
};

std::optional<std::int64_t> position_in(std::string_view text) {
  constexpr std::size_t most_digits = 15;
  std::int64_t number = 0;
  auto const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, number);
  bool const is_number = error == std::errc{} && stop == end && number >= 0;
  if (!is_number || text.size() > most_digits) return std::nullopt;
  return number;
}

std::optional<ContentRange> content_range(Headers const& headers) {
  std::string_view text = trim_blanks(headers.find("Content-Range").value_or(""));
  ContentRange range;
  if (auto const blank = text.rfind(' '); blank != std::string_view::npos) {
    range.unit = trim_blanks(text.substr(0, blank));
    text.remove_prefix(blank + 1);
  }
  auto const dash = text.find('-');
  auto const slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) {
    return std::nullopt;
  }
  auto const first = position_in(text.substr(0, dash));
  auto const last = position_in(text.substr(dash + 1, slash - dash - 1));
  if (!first || !last || *last < *first) return std::nullopt;
  range.first = *first;
  range.last = *last;
  range.total = position_in(text.substr(slash + 1));
  return range;
}

std::string shown_range(Headers const& headers) {
  constexpr std::size_t most = 60;
  auto const text = headers.find("Content-Range");
  return text ? ", Content-Range: " + one_line(*text, most) : std::string();
}

}  // namespace

AnswerClass class_of_status(HttpResponse const& response, bool is_login) {
  int const status = response.status;
  if (status == 204 || status == 205) return AnswerClass::empty;
  if (status >= 200 && status < 300) return AnswerClass::ok;
  switch (status) {
    case 401:
      return is_login ? AnswerClass::auth_invalid : AnswerClass::auth_expired;
    case 403:
      return AnswerClass::permission;
    case 404:
      return AnswerClass::not_found;
    case 429:
      return AnswerClass::throttled;
    case 408:
    case 425:
      return AnswerClass::transient;
    case 503:
      return response.headers.find("Retry-After") ? AnswerClass::throttled : AnswerClass::transient;
    default:
      return status >= 500 ? AnswerClass::transient : AnswerClass::bad_request;
  }
}

bool may_be_about_request(int status) {
  return status == 400 || status == 404 || status == 410 || status == 416 || status == 422;
}

PartOfAnswer part_of_answer(int status, Headers const& headers) {
  PartOfAnswer part;
  if (status != partial_content) return part;
  auto const range = content_range(headers);
  if (range && range->is_whole()) return part;
  part.text = "the broker says that its answer is only a part (HTTP 206" + shown_range(headers) +
              "), though no part was asked for";
  part.goes_on = range && range->total && range->last + 1 < *range->total;
  return part;
}

std::optional<Error> torn_answer(HttpResponse const& response, DocumentFormat format) {
  bool const has_end = format != DocumentFormat::csv && format != DocumentFormat::json_lines;
  if (response.has_surplus && !has_end && response.status >= 200 && response.status < 300) {
    return Error(ErrorCode::truncated,
                 "bytes follow the answer's end after " + std::to_string(response.body.size()) +
                     " bytes, so its last line may be cut",
                 "Its Content-Length seems to count characters instead of bytes. The broker has to "
                 "correct that.");
  }
  if (response.status != partial_content) return std::nullopt;
  auto const range = content_range(response.headers);
  if (!range || !equal_without_case(range->unit, "bytes") || range->is_whole()) return std::nullopt;
  return Error(ErrorCode::truncated, part_of_answer(response.status, response.headers).text,
               "A proxy or cache on the way may have cut it. Ask the broker if this stays.");
}

}  // namespace affsync::engine
