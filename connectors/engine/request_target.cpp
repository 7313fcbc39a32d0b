#include "connectors/engine/request_target.hpp"

#include <algorithm>

namespace affsync::engine {
namespace {

constexpr char upper_hex[] = "0123456789ABCDEF";

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void append_encoded(std::string& out, char c) {
  auto const byte = static_cast<unsigned char>(c);
  out += {'%', upper_hex[byte >> 4], upper_hex[byte & 15]};
}

// A path as the user wrote it: what is legal there, %XX included, stays.
std::string encode_path(std::string_view path) {
  std::string out;
  if (!path.starts_with('/')) out += '/';
  for (char const c : path) {
    if (is_unreserved(c) ||
        std::string_view("/%?:@!$&'()*+,;=").find(c) != std::string_view::npos) {
      out += c;
    } else {
      append_encoded(out, c);
    }
  }
  return out;
}

}  // namespace

std::string encode_query(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      append_encoded(out, c);
    }
  }
  return out;
}

HttpRequest make_page_request(StreamSpec const& spec, Slice const& slice, std::int64_t offset) {
  NamedTexts ours;
  if (spec.window && slice.from && slice.to) {
    ours.emplace_back(spec.window->from_parameter, format_day(*slice.from));
    ours.emplace_back(spec.window->to_parameter, format_day(*slice.to));
  }
  if (spec.page.type == PageType::offset) {
    ours.emplace_back(spec.page.limit_parameter, std::to_string(spec.page.size));
    ours.emplace_back(spec.page.offset_parameter, std::to_string(offset));
  }
  std::string target = encode_path(spec.request.path);
  char separator = target.find('?') == std::string::npos ? '?' : '&';
  auto const append = [&](std::pair<std::string, std::string> const& parameter) {
    if (parameter.first.empty()) return;
    target += separator;
    target += encode_query(parameter.first) + '=' + encode_query(parameter.second);
    separator = '&';
  };
  for (auto const& parameter : spec.request.query) {
    bool const is_ours =
        std::ranges::any_of(ours, [&](auto const& own) { return own.first == parameter.first; });
    if (!is_ours) append(parameter);
  }
  for (auto const& parameter : ours) append(parameter);

  HttpRequest request(spec.request.method, std::move(target));
  for (auto const& [name, value] : spec.request.headers) request.headers.add(name, value);
  return request;
}

}  // namespace affsync::engine
