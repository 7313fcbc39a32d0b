#include "connectors/engine/answer/page_hints.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <span>

#include "base/decimal.hpp"
#include "base/encodings.hpp"
#include "base/text.hpp"
#include "connectors/engine/answer/http_status.hpp"
#include "connectors/engine/answer/link_header.hpp"
#include "connectors/engine/answer/text.hpp"
#include "connectors/engine/values/in_words.hpp"
#include "connectors/engine/values/is_present.hpp"
#include "connectors/engine/values/words.hpp"

namespace affsync::engine {
namespace {

namespace urls = boost::urls;

constexpr auto npos = std::string_view::npos;
// A list cannot have more rows, and sums of greater counts would overflow.
constexpr std::int64_t largest_count = 1'000'000'000'000;

std::string scalar_at(JsonPath const& path, Json const& json) {
  auto const* value = path.in(json);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  return text ? std::string(*text) : std::string();
}

bool is_one_of(std::span<std::string_view const> words, std::string_view text) {
  return std::ranges::any_of(words, [&](auto word) { return equal_without_case(word, text); });
}

// A word for "none", as programs in many languages write it.
bool is_word_for_none(std::string_view text) {
  constexpr std::string_view words[] = {"null", "none", "nil", "undefined", "false"};
  return is_one_of(words, text);
}

bool is_zero(std::string_view text) {
  auto const number = parse_decimal(text);
  return number.error == DecimalError::none && number.text.find_first_of("123456789") == npos;
}

bool says_more(std::string_view text) {
  constexpr std::string_view words[] = {"no", "n", "f", "off"};
  text = trim_blanks(text);
  return !text.empty() && !is_zero(text) && !is_word_for_none(text) && !is_one_of(words, text);
}

std::optional<bool> says_more(std::optional<JsonPath> const& path, Json const& body) {
  auto const* value = path ? path->in(body) : nullptr;
  if (value == nullptr) return std::nullopt;
  if (!is_present(value, {})) return false;
  if (value->is_array() || value->is_object()) return true;
  return says_more(*value->scalar_text());
}

// Returns the cursor, link or id of the next page; empty if there is none. A zero would be the
// start of the list; some brokers end a list with it.
std::string next_in(std::string text) {
  auto const trimmed = trim_blanks(text);
  if (trimmed.empty() || is_word_for_none(trimmed) || is_zero(trimmed)) return {};
  return text;
}

// Error: paging_broken for a value that is no text or number; that is not the same as none.
Result<std::string> next_at(JsonPath const& path, Json const& body) {
  auto const* value = path.in(body);
  if (is_present(value, {}) && (value->is_array() || value->is_object())) {
    return Error(
        ErrorCode::paging_broken,
        "`" + path.text() + "`, which should name the next page, is " + kind_in_words(*value),
        "Correct `next` under `page` of the stream.");
  }
  return next_in(scalar_at(path, body));
}

Error refused(std::string_view link, std::string_view why, std::string hint = {}) {
  auto const shown = without_query(link, 120);
  if (!hint.empty()) {
    return Error(ErrorCode::paging_broken,
                 "the link to the next page, " + shown + ", " + std::string(why), std::move(hint));
  }
  return Error(ErrorCode::paging_broken,
               "the link to the next page, " + shown + ", " + std::string(why),
               "Credentials are sent only to `base_url`. If the broker moved, change `base_url`.");
}

bool same_origin(urls::url_view left, urls::url_view right) {
  auto const port_of = [](urls::url_view url) {
    if (url.has_port() && !url.port().empty()) return std::string(url.port());
    return std::string(url.scheme() == "http" ? "80" : "443");
  };
  return left.scheme() == right.scheme() && left.encoded_host() == right.encoded_host() &&
         port_of(left) == port_of(right);
}

// Boost.URL 1.81 parses //127.0.0.1.example.com and //host:80.example.com as a host or port and a
// path that starts with a dot. After an authority a valid path starts with a slash.
bool is_misread(urls::url_view url) {
  auto const path = url.encoded_path();
  return url.has_authority() && !path.empty() && !path.starts_with('/');
}

// Takes dot segments out (RFC 3986, 5.2.4) but those that lead above the root. Boost.URL 1.81 would
// decode the others: of `a%2Fb` it makes two segments.
std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    auto const end = std::min(path.find('/', 1), path.size());
    auto const segment = path.substr(0, end);
    path.remove_prefix(end);
    bool const goes_up = segment == "/.." && !out.empty();
    if (!goes_up && segment != "/.") {
      out += segment;
      continue;
    }
    if (goes_up) out.erase(std::min(out.rfind('/'), out.size()));
    if (path.empty()) out += '/';
  }
  return out;
}

std::string without_placeholders(std::string text) {
  for (std::size_t at = 0; (at = text.find("${", at)) != std::string::npos; ++at) {
    auto const end = std::min(text.find('}', at), text.size() - 1);
    text.replace(at, end + 1 - at, "x");
  }
  return text;
}

// Returns path and query of a reference, as they are written (RFC 3986, 5.2.2). `asked`: path and
// query of the answer's request, perhaps with the placeholder of a credential.
std::string resolved_target(urls::url_view reference, std::string const& asked) {
  std::string path(reference.encoded_path());
  std::string query;
  if (reference.has_query()) query = "?" + std::string(reference.encoded_query());
  auto const mark = std::min(asked.find('?'), asked.size());
  if (!reference.has_scheme() && !reference.has_authority() && !path.starts_with('/')) {
    if (path.empty() && query.empty()) query = asked.substr(mark);
    auto const base = asked.substr(0, mark);
    path = path.empty() ? base : base.substr(0, base.rfind('/') + 1) + path;
  }
  return without_dots(path) + query;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Servers write `page[number]=2`, blanks and non-ASCII letters into links unencoded. As a browser
// does, percent-encode what is invalid after the authority; encoded characters stay. Control
// characters stay too, so that the link is rejected.
std::string as_address(std::string_view link) {
  auto const authority = link.find("//");
  std::size_t begin = 0;
  bool const has_authority =
      authority != std::string_view::npos && authority < link.find_first_of("/?#") + 1;
  if (has_authority) begin = std::min(link.find_first_of("/?#", authority + 2), link.size());
  std::string out(link.substr(0, begin));
  for (std::size_t at = begin; at < link.size(); ++at) {
    char const c = link[at];
    bool const encoded =
        c == '%' && at + 2 < link.size() && is_hex(link[at + 1]) && is_hex(link[at + 2]);
    bool const foreign = static_cast<unsigned char>(c) >= 0x80 ||
                         std::string_view(" \"<>[]\\^`{|}").find(c) != std::string_view::npos;
    if (!foreign && (c != '%' || encoded)) {
      out += c;
      continue;
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    auto const byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

// The API is behind a proxy that terminates TLS, and does not know its own address.
constexpr auto behind_proxy =
    "Only the scheme or port differs: the broker's API seems to be behind a proxy. Set `follow: "
    "path` under `page` of the stream in your own connector file: then only path and query of a "
    "link are used, under `base_url`.";

Result<std::string> link_target(std::string const& link, std::string const& base_url,
                                std::string const& asked, bool follow_path) {
  auto const base = urls::parse_uri(base_url);
  auto const address = as_address(link);
  auto const reference = urls::parse_uri_reference(address);
  if (!base || !reference || is_misread(*reference)) return refused(link, "is not an address");
  std::string base_path(base->encoded_path());
  while (base_path.ends_with('/')) base_path.pop_back();

  // The requested address may be invalid, because a path in the configuration may have "%z" in it.
  // Then the link is resolved without it.
  auto const whole =
      base_url.substr(0, base_url.find_last_not_of('/') + 1) + without_placeholders(asked);
  auto const here = urls::parse_uri(whole);
  urls::url there;
  if (auto const resolved = urls::resolve(here ? *here : *base, *reference, there); !resolved) {
    return refused(link, "is not an address");
  }
  there.normalize_scheme();
  there.normalize_authority();
  urls::url home(*base);
  home.normalize_scheme();
  home.normalize_authority();
  if (!follow_path && !same_origin(there, home)) {
    bool const same_host = there.encoded_host() == home.encoded_host();
    return refused(link, "leads to another scheme, host or port than `base_url`",
                   same_host ? behind_proxy : "");
  }
  auto target = resolved_target(*reference, here ? base_path + asked : base_path);
  bool const within = target.starts_with(base_path + "/");
  if (!within && !(follow_path && target.starts_with("/"))) {
    return refused(link, "is outside of `base_url`");
  }
  if (has_dot_segment(std::string_view(target).substr(0, target.find('?')))) {
    return refused(link, "is outside of `base_url`");
  }
  // A proxy may have removed the base URL's path.
  if (within) target.erase(0, base_path.size());
  return target;
}

}  // namespace

Result<std::string> target_of_link(std::string const& link, std::string const& base_url,
                                   std::string const& asked_target) {
  return link_target(link, base_url, asked_target, false);
}

std::string storable(std::string const& next, Redactor const& secrets) {
  if (!secrets.is_in(next)) return next;
  auto const mark = std::min(next.find('?'), next.size());
  auto out = next.substr(0, mark);
  char joint = '?';
  for (auto at = mark + 1; at <= next.size();) {
    auto const end = std::min(next.find('&', at), next.size());
    auto const parameter = next.substr(at, end - at);
    at = end + 1;
    auto const value = parameter.substr(std::min(parameter.find('='), parameter.size()));
    bool const is_credential = secrets.is_in(value) && secrets.redact(value) == "=***";
    if (is_credential) continue;
    out += joint + parameter;
    joint = '&';
  }
  return secrets.is_in(out) ? std::string() : out;
}

namespace {

std::optional<std::int64_t> count_of(std::string_view text) {
  if (text.empty()) return std::nullopt;
  auto const number = parse_decimal(text);
  if (number.error != DecimalError::none) return std::nullopt;
  // Some languages write a whole number as 57.0.
  std::string_view whole = number.text;
  if (auto const point = whole.find('.'); point != npos) {
    if (whole.find_first_not_of('0', point + 1) != npos) return std::nullopt;
    whole = whole.substr(0, point);
  }
  std::int64_t count = -1;
  auto const end = whole.data() + whole.size();
  auto const [stop, error] = std::from_chars(whole.data(), end, count);
  if (error != std::errc{} || stop != end || count < 0 || count > largest_count) {
    return std::nullopt;
  }
  return count;
}

std::string text_of(Headers const& headers, std::string const& name) {
  return name.empty() ? std::string() : std::string(headers.find(name).value_or(""));
}

}  // namespace

std::optional<std::int64_t> read_count(std::optional<JsonPath> const& path, Json const& body) {
  return path ? count_of(scalar_at(*path, body)) : std::nullopt;
}

Result<PageHints> read_page_hints(PageSpec const& page, Json const& body,
                                  std::vector<Json const*> const& rows, std::string const& base_url,
                                  std::string const& asked_target, Headers const& headers,
                                  int status) {
  PageHints hints;
  hints.part = part_of_answer(status, headers);
  hints.total = read_count(page.total, body);
  if (!hints.total) hints.total = count_of(text_of(headers, page.headers.total));
  hints.total_pages = read_count(page.total_pages(), body);
  if (!hints.total_pages) hints.total_pages = count_of(text_of(headers, page.headers.total_pages));
  hints.more = says_more(page.more(), body);
  if (!page.headers.more.empty() && headers.find(page.headers.more)) {
    hints.more = says_more(text_of(headers, page.headers.more));
  }
  if (auto const* by_id = std::get_if<IdPaging>(&page.kind)) {
    if (!rows.empty()) hints.next = scalar_at(by_id->id, *rows.back());
  } else if (auto const* by_cursor = std::get_if<CursorPaging>(&page.kind)) {
    auto const& header = page.headers.next;
    auto cursor =
        header.empty() ? next_at(by_cursor->next, body) : next_in(text_of(headers, header));
    if (!cursor) return cursor.error();
    hints.next = std::move(*cursor);
  } else if (auto const* by_link = std::get_if<LinkPaging>(&page.kind)) {
    auto const& header = page.headers.next;
    auto const link = header.empty() ? next_at(by_link->next, body) : next_link_in(headers, header);
    if (!link) return link.error();
    auto const next = next_in(*link);
    if (next.empty()) return hints;
    auto target = link_target(next, base_url, asked_target, by_link->follow_path);
    if (!target) return target.error();
    hints.next = std::move(*target);
  }
  return hints;
}

}  // namespace affsync::engine
