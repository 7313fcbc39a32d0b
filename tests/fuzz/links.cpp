// Links to the next page. An input has one line each for the base URL, the last requested target,
// and the link.
//
// For any link: it is refused, or leads to a target that can be sent and stays within the base URL
// even after dots are resolved. If the link names a scheme, host or port, they are those of the
// base URL.
#include "connectors/engine/answer/link_header.hpp"
#include "connectors/engine/answer/page_hints.hpp"
#include "daemon/net/http_codec.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {
namespace {

using namespace engine;

bool starts_without_case(std::string_view text, std::string_view with) {
  if (text.size() < with.size()) return false;
  for (std::size_t i = 0; i < with.size(); ++i) {
    if ((text[i] | 0x20) != (with[i] | 0x20)) return false;
  }
  return true;
}

// Some servers decode a path before they resolve its dots.
std::string without_encoded_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    bool const dot = starts_without_case(path, "%2e");
    out += dot ? '.' : path.front();
    path.remove_prefix(dot ? 3 : 1);
  }
  return out;
}

void require_within(std::string const& target) {
  auto const path = without_encoded_dots(target.substr(0, target.find_first_of("?#")));
  for (std::size_t at = 0; at != path.npos; at = path.find('/', at + 1)) {
    auto const segment = path.substr(at + 1, path.find('/', at + 1) - at - 1);
    require(segment != "." && segment != "..", "a target does not lead out of the base url",
            target);
  }
}

void require_same_place(std::string_view link, net::Origin const& base) {
  std::string whole(link);
  if (link.starts_with("//")) whole = (base.tls ? "https:" : "http:") + whole;
  if (whole.find("://") == whole.npos || whole.find("://") > whole.find_first_of("/?#")) return;
  auto const origin = net::parse_origin(whole.substr(0, whole.find_first_of("?#")), true);
  if (!origin) return;  // parse_origin is stricter than links need
  require(origin->tls == base.tls && origin->host == base.host && origin->port == base.port,
          "a link has the scheme, host and port of the base URL", link);
}

}  // namespace

void links(std::string_view input) {
  Headers headers;
  headers.add("Link", std::string(input));
  auto const in_header = next_link_in(headers, "Link");
  if (in_header) {
    require(input.find(*in_header) != input.npos, "a link of a header is a part of it", *in_header);
  } else {
    require(in_header.error().code == ErrorCode::paging_broken, "a bad header breaks the paging");
  }

  std::string base_url(take_line(input));
  std::string const asked(take_line(input));
  auto const base = net::parse_origin(base_url, true);
  if (!base) return;
  while (base_url.ends_with('/')) base_url.pop_back();
  // A target that is sent was made by affsync or came from an accepted link. Neither has a
  // fragment.
  if (asked.find('#') != asked.npos) return;
  HttpRequest const before(Method::get, asked);
  if (!net::encode_request(before, *base, "")) return;

  PageSpec page;
  page.kind = LinkPaging{.next = JsonPath("$")};
  auto const hints = read_page_hints(page, Json::string(std::string(input)), {}, base_url, asked);
  if (!hints) {
    require(hints.error().code == ErrorCode::paging_broken, "a bad link breaks the paging");
    return;
  }
  if (hints->next.empty()) return;
  HttpRequest const next(Method::get, hints->next);
  require(net::encode_request(next, *base, "").has_value(), "a target can be sent", hints->next);
  require_within(hints->next);
  require_same_place(input, *base);
}

}  // namespace affsync::fuzz
