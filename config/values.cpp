#include "config/values.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/encodings.hpp"
#include "base/suggest.hpp"
#include "base/text.hpp"

namespace affsync::config {
namespace {

// Reports an invalid value. A value from the environment may be a misplaced secret, so the message
// then contains nothing derived from it.
[[noreturn]] void fail_value(yaml::Node const& node, Error const& error) {
  node.fail(node.is_expanded() ? "not usable here: " + node.shown() : error.message, error.hint);
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

bool is_printable(std::string_view text) {
  for (char c : text) {
    if (c <= 0x20 || c >= 0x7F) return false;  // also refuses bytes above ASCII, char being signed
  }
  return true;
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  auto const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && stop == end && port > 0 && port < 65536;
}

}  // namespace

std::string read_text(yaml::Node const& node) {
  auto text = node.text();
  if (text.empty()) node.fail("an empty text");
  return text;
}

std::string read_pem_name(yaml::Node const& node) {
  auto text = read_text(node);
  if (text.find("-----BEGIN") != text.npos) {
    node.fail("this is the content of a file, and not its name",
              "Put it into a file that only affsync's user may read, and write the file's name.");
  }
  return text;
}

Schedule read_schedule(yaml::Node const& node) {
  auto schedule = parse_schedule(node.text());
  if (!schedule) fail_value(node, schedule.error());
  return *schedule;
}

std::chrono::milliseconds read_timeout(yaml::Node const& node) {
  auto const duration = parse_duration(node.text());
  if (!duration) fail_value(node, duration.error());
  if (*duration > std::chrono::hours(1)) {
    node.fail("a time limit of more than an hour", "Write one from 1s to 1h.");
  }
  return *duration;
}

Day read_day(yaml::Node const& node) {
  auto const day = parse_day(node.text());
  if (!day) node.fail("not a date: " + node.shown(), "Write year-month-day: 2025-01-31.");
  return *day;
}

int read_days(yaml::Node const& node) {
  auto const text = node.text();
  int count = 0;
  auto const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, count);
  bool const good =
      error == std::errc{} && std::string_view(stop) == "d" && count >= 0 && count <= 3660;
  if (!good) node.fail("not a number of days: " + node.shown(), "Write 0d to 3660d, such as 7d.");
  return count;
}

double read_percent(yaml::Node const& node) {
  auto const text = node.text();
  double percent = 0;
  auto const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, percent);
  bool const good =
      error == std::errc{} && std::string_view(stop) == "%" && percent >= 0 && percent <= 100;
  if (!good) node.fail("not a percentage: " + node.shown(), "Write 0% to 100%, such as 10%.");
  return percent / 100;
}

std::string read_path(yaml::Node const& node) {
  auto const text = read_text(node);
  if (text.find("://") != std::string::npos || text.starts_with("//")) {
    node.fail("a path with a host", "Requests go to the source's base_url only; write the path.");
  }
  if (text.front() != '/') node.fail("a path must begin with /");
  if (text.find('?') != std::string::npos) {
    node.fail("a path with a question mark", "Put parameters into `query`.");
  }
  if (has_dot_segment(text)) {
    node.fail("a path with a step upwards", "Write it without `.` and `..`.");
  }
  if (text.find('#') != std::string::npos || !is_printable(text)) {
    node.fail("a path with a character that must be percent-encoded");
  }
  return text;
}

std::string read_base_url(yaml::Node const& node, bool allow_http, std::string const& what) {
  auto url = read_text(node);
  // A scheme is case-insensitive, and a colon without a port means the default port.
  auto const scheme_end = std::min(url.find("://"), url.size());
  for (std::size_t i = 0; i < scheme_end; ++i) {
    url[i] = to_lower(url[i]);
  }
  auto const path = std::min(url.find('/', std::min(scheme_end + 3, url.size())), url.size());
  if (path > scheme_end + 3 && url[path - 1] == ':') url.erase(path - 1, 1);
  constexpr std::string_view file = "file://";
  if (url.starts_with(file)) {
    auto const folder = std::string_view(url).substr(file.size());
    if (!folder.starts_with('/') || folder.find("/..") != folder.npos) {
      node.fail("a folder needs its whole path", "Such as file:///var/lib/affsync/inbox/NAME.");
    }
    return url;
  }
  bool const is_plain = url.starts_with("http://");
  if (!is_plain && !url.starts_with("https://")) {
    node.fail("a " + what + " must begin with https://",
              !url.empty() && std::isalnum(static_cast<unsigned char>(url[0])) != 0
                  ? ""
                  : "Before it stands something else, such as a quotation mark that is not plain.");
  }
  auto const rest = std::string_view(url).substr(is_plain ? 7 : 8);
  auto const authority = rest.substr(0, rest.find('/'));
  if (authority.find('@') != authority.npos) {
    node.fail("a " + what + " with a user name or password", "Put them into `credentials`.");
  }
  bool const is_ascii =
      std::ranges::all_of(authority, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (url.find_first_of("?#\\") != std::string::npos || (is_ascii && !is_printable(url))) {
    node.fail("a " + what + " takes only a scheme, host, port and path");
  }
  auto const bracket = authority.rfind(']');
  auto const colon = authority.find(':', bracket == authority.npos ? 0 : bracket);
  auto const host = authority.substr(0, colon);
  if (host.empty()) node.fail("a " + what + " without a host");
  if (std::ranges::any_of(host, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    node.fail("a " + what + " whose host is not in ASCII",
              "Write its ASCII form, xn--…; `idn2 NAME` prints it.");
  }
  if (colon != authority.npos && !is_port(authority.substr(colon + 1))) {
    node.fail("the port of a " + what + " must be 1 to 65535");
  }
  if (is_plain && !allow_http && !is_loopback(host)) {
    node.fail("plain http would send the credentials unencrypted",
              "Use https://, or set `allow_http: true` at this source if you must.");
  }
  return url;
}

Privacy read_privacy(yaml::Node const& node) {
  return read_word<Privacy>(
      node, "privacy", {{"drop", Privacy::drop}, {"hash", Privacy::hash}, {"keep", Privacy::keep}});
}

void fail_word(yaml::Node const& node, std::string const& what,
               std::vector<std::string> const& known) {
  std::string list;
  for (auto const& word : known) list += (list.empty() ? "" : ", ") + word;
  std::string hint = "It takes: " + list + ".";
  if (!node.is_expanded()) {
    if (auto const near = nearest(node.text(), known))
      hint = "Did you mean `" + *near + "`? " + hint;
  }
  node.fail("unknown word for " + what + ": " + node.shown(), hint);
}

}  // namespace affsync::config
