#include "connectors/engine/request/cookies.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.hpp"
#include "connectors/engine/answer/http_date.hpp"

namespace affsync::engine {
namespace {

constexpr std::int64_t longest_life = 10 * 366 * 86'400;

struct SetCookie {
  Cookie cookie;
  std::string domain, path = "/";
  bool is_gone = false;
};

std::optional<std::int64_t> seconds_in(std::string_view text) {
  std::int64_t count = 0;
  auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  bool const whole = error == std::errc{} && stop == text.data() + text.size();
  return whole ? std::optional(std::clamp<std::int64_t>(count, 0, longest_life)) : std::nullopt;
}

// Takes what is before the next semicolon: a name and a value.
std::pair<std::string_view, std::string_view> take_pair(std::string_view& rest) {
  auto const end = std::min(rest.find(';'), rest.size());
  auto const part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  auto const equals = std::min(part.find('='), part.size());
  return {trim_blanks(part.substr(0, equals)),
          trim_blanks(part.substr(std::min(equals + 1, part.size())))};
}

std::optional<SetCookie> read_cookie(std::string_view text, std::string_view name, TimePoint now) {
  auto const [own_name, value] = take_pair(text);
  if (own_name != name) return std::nullopt;
  SetCookie out;
  out.cookie.value = value;
  std::optional<std::int64_t> most, until;
  while (!text.empty()) {
    auto const [key, word] = take_pair(text);
    if (equal_without_case(key, "max-age")) {
      if (auto const seconds = seconds_in(word)) most = seconds;
    } else if (equal_without_case(key, "expires")) {
      // Some servers write `Thu, 01-Jan-1970 00:00:01 GMT`.
      std::string date(word);
      std::ranges::replace(date, '-', ' ');
      auto time = parse_http_date(word);
      if (!time) time = parse_http_date(date);
      if (!time) continue;
      auto const left = std::chrono::floor<std::chrono::seconds>(*time - now).count();
      until = std::clamp<std::int64_t>(left, 0, longest_life);
    } else if (equal_without_case(key, "domain")) {
      out.domain = to_lower(word.substr(word.starts_with('.') ? 1 : 0));
    } else if (equal_without_case(key, "path") && word.starts_with('/')) {
      out.path = word;
    }
  }
  auto const lifetime = most ? most : until;  // Max-Age has precedence
  if (lifetime) out.cookie.lifetime = std::chrono::seconds(*lifetime);
  out.is_gone = value.empty() || lifetime == 0;
  return out;
}

bool is_for(std::string_view domain, std::string_view host) {
  if (domain.empty() || host.empty() || domain == host) return true;
  return host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.';
}

}  // namespace

std::string host_of(std::string_view base_url) {
  auto const begin = base_url.find("://");
  if (begin == std::string_view::npos) return {};
  auto rest = base_url.substr(begin + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (rest.starts_with('['))
    return to_lower(rest.substr(1, std::max<std::size_t>(rest.find(']'), 1) - 1));
  return to_lower(rest.substr(0, rest.find(':')));
}

std::optional<Cookie> find_cookie(Headers const& headers, std::string_view name,
                                  std::string_view host, TimePoint now) {
  std::vector<SetCookie> kept;
  for (auto const& [field, value] : headers.fields()) {
    if (!equal_without_case(field, "set-cookie")) continue;
    auto cookie = read_cookie(value, name, now);
    if (!cookie || !is_for(cookie->domain, host)) continue;
    if (cookie->domain == host) cookie->domain.clear();
    std::erase_if(kept, [&](SetCookie const& other) {
      return other.domain == cookie->domain && other.path == cookie->path;
    });
    if (!cookie->is_gone) kept.push_back(std::move(*cookie));
  }
  std::optional<Cookie> found;
  std::size_t shortest = 0;
  for (auto& one : kept) {
    if (found && one.path.size() > shortest) continue;
    shortest = one.path.size();
    found = one.cookie;
  }
  return found;
}

}  // namespace affsync::engine
