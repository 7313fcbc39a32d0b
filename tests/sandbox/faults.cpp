// Parses fault texts and decides which requests a fault applies to.
#include "tests/sandbox/faults.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox {
namespace {

struct Kind {
  std::string_view name;
  std::string_view parameters;  // separated by spaces
  std::string_view meaning;
};

constexpr std::array kinds{
    // Faults that replace the broker's answer.
    Kind{"throttle", "form wait",
         "429; form: own seconds date none zero huge text drf body200 503"},
    Kind{"status", "code error message retry_after body", "an error answer; body: json html empty"},
    Kind{"html", "", "200 with an HTML page"},
    Kind{"empty", "", "200 without a body"},
    Kind{"deep", "depth", "200 with nested arrays"},
    Kind{"huge_body", "bytes", "200 with one huge string"},
    Kind{"redirect", "to code",
         "a redirect to `to`; the target is appended unless `to` has a path"},
    Kind{"expire_token", "", "the token of the request expires: 401 TokenExpired"},
    Kind{"stale", "",
         "the earlier answer of the same path, as from a cache that ignores the query"},
    // Faults that alter a list and its rows.
    Kind{"ignore_offset", "", "the first page for every offset"},
    Kind{"cap", "limit", "a page size limit lower than the documented one"},
    Kind{"empty_page", "", "no rows, and a total of 0"},
    Kind{"total", "delta value", "a wrong count; value: null (left out) or any JSON"},
    Kind{"shuffle_ties", "",
         "wintrado: customers equal in orderBy come in another order each time"},
    Kind{"next_link", "mode to",
         "the link to the next page; mode: other (host `to`) repeat first endless none"},
    Kind{"reverse", "", "the rows of the page in reverse order"},
    Kind{"shift", "mode rows",
         "after the page, removes or inserts rows (default 1) before its end; mode: delete insert "
         "both"},
    Kind{"duplicate_row", "row", "a row occurs twice in its page"},
    Kind{"set_field", "field value row", "the raw JSON `value` in one row"},
    Kind{"drop_field", "field row", "one row without that field (by default its key)"},
    Kind{"repeat_field", "field row", "one row with a member twice"},
    Kind{"huge_number", "field row", "1e999999 in one row"},
    Kind{"bad_number", "field row", "\"n/a\" for an amount in one row"},
    Kind{"nul", "field row", "U+0000 in a string of one row"},
    Kind{"invalid_utf8", "field row", "bytes that are not UTF-8 in one row"},
    // Faults that alter the delivery.
    Kind{"skew", "seconds", "a Date header that is wrong by that many seconds"},
    Kind{"delay", "ms", "a pause before the answer"},
    Kind{"never", "", "no answer at all"},
    Kind{"reset", "after", "connection reset after that many bytes"},
    Kind{"truncate", "after",
         "connection closed after that many bytes of the body (default: half)"},
    Kind{"length", "delta", "Content-Length wrong by delta"},
    Kind{"chunked", "", "chunked transfer encoding"},
    Kind{"endless", "", "a chunked body without an end"},
    Kind{"gzip", "force", "gzip when the client accepts it; force=1: always"},
    Kind{"gzip_bomb", "bytes", "gzip that inflates to the body and that many spaces"},
    Kind{"slow", "bytes ms", "that many bytes at a time, with a pause of `ms`"},
    Kind{"bom", "", "a byte order mark first"},
    Kind{"huge_header", "bytes", "a response header of that size"},
    Kind{"content_type", "value", "another Content-Type"},
    Kind{"close", "", "Connection: close"},
};

constexpr std::array<std::string_view, 6> common{"path", "method", "every",
                                                 "next", "skip",   "probability"};

bool has_word(std::string_view words, std::string_view word) {
  std::string const padded = ' ' + std::string(words) + ' ';
  return padded.find(' ' + std::string(word) + ' ') != std::string::npos;
}

bool is_numeric(std::string_view name) {
  return has_word("every next skip after ms bytes depth limit delta row rows wait seconds", name);
}

}  // namespace

Result<Fault> Fault::parse(std::string_view spec) {
  Fault fault;
  fault.spec_ = spec;
  auto const colon = spec.find(':');
  fault.kind_ = spec.substr(0, colon);
  auto const* kind = std::find_if(kinds.begin(), kinds.end(),
                                  [&](Kind const& k) { return k.name == fault.kind_; });
  if (kind == kinds.end())
    return Error(ErrorCode::usage, "there is no fault '" + fault.kind_ + "'",
                 "Run affsync-sandbox --list-faults.");
  auto rest = colon == std::string_view::npos ? std::string_view{} : spec.substr(colon + 1);
  while (!rest.empty()) {
    auto const item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    auto const equals = item.find('=');
    std::string name(item.substr(0, equals));
    std::string value =
        equals == std::string_view::npos ? "1" : percent_decode(item.substr(equals + 1));
    if (std::find(common.begin(), common.end(), name) == common.end() &&
        !has_word(kind->parameters, name))
      return Error(ErrorCode::usage, "fault '" + fault.kind_ + "' has no '" + name + "'",
                   "it knows: " + std::string(kind->parameters) +
                       " path method every next skip probability");
    long number = 0;
    if (is_numeric(name) &&
        std::from_chars(value.data(), value.data() + value.size(), number).ptr !=
            value.data() + value.size())
      return Error(ErrorCode::usage, "fault '" + fault.kind_ + "': " + name + " is no number");
    fault.values_.emplace_back(std::move(name), std::move(value));
  }
  return fault;
}

std::optional<std::string_view> Fault::find(std::string_view name) const {
  for (auto const& [key, value] : values_)
    if (key == name) return value;
  return std::nullopt;
}

std::string_view Fault::text(std::string_view name, std::string_view fallback) const {
  return find(name).value_or(fallback);
}

long Fault::number(std::string_view name, long fallback) const {
  auto const value = find(name);
  long out = fallback;
  if (value) std::from_chars(value->data(), value->data() + value->size(), out);
  return out;
}

bool Fault::strikes(Request const& request, std::uint64_t seed) {
  if (auto const path = find("path"); path && request.target.find(*path) == std::string::npos)
    return false;
  if (auto const method = find("method"); method && request.method != *method) return false;
  auto const turn = ++seen_;
  if (turn <= static_cast<std::uint64_t>(number("skip", 0))) return false;
  if (auto const every = number("every", 1); every > 1 && turn % static_cast<unsigned long>(every))
    return false;
  if (auto const next = find("next");
      next && struck_ >= static_cast<unsigned long>(number("next", 0)))
    return false;
  if (auto const probability = find("probability")) {
    double const limit = std::stod(std::string(*probability));
    Noise noise(seed, 'F', turn, std::hash<std::string>{}(kind_));
    if (noise.below(1'000'000) >= std::lround(limit * 1'000'000)) return false;
  }
  ++struck_;
  return true;
}

Fault const* ActiveFaults::find(std::string_view kind) const {
  for (auto const& fault : faults_)
    if (fault.kind() == kind) return &fault;
  return nullptr;
}

bool FaultSet::has(std::string_view kind) const {
  return std::ranges::any_of(faults_, [&](Fault const& fault) { return fault.kind() == kind; });
}

void FaultSet::clear(std::string_view kind) {
  std::erase_if(faults_, [&](Fault const& f) { return kind.empty() || f.kind() == kind; });
}

ActiveFaults FaultSet::strike(Request const& request) {
  ActiveFaults active;
  for (auto& fault : faults_)
    if (fault.strikes(request, seed_)) active.add(fault);
  return active;
}

std::string fault_catalogue() {
  std::string out;
  for (auto const& kind : kinds) {
    out.append(kind.name).append(":").append(kind.parameters);
    out.append("\n    ").append(kind.meaning).append("\n");
  }
  return out + "with each: path= method= every= next= skip= probability=\n";
}

}  // namespace affsync::sandbox
