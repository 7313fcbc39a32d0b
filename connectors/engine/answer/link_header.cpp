#include "connectors/engine/answer/link_header.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace affsync::engine {
namespace {

// One link: `<address>; rel="next"; title=x`.
struct HeaderLink {
  std::string_view address;
  std::string relations;
  bool is_readable = true;  // up to the comma behind it
};

struct Parameter {
  std::string value;
  bool is_readable = true;
};

// Takes a token or a quoted text from the start of `rest`. In quotes a backslash takes the meaning
// from the character behind it.
Parameter take_value(std::string_view& rest) {
  Parameter out;
  if (!rest.starts_with('"')) {
    auto const end = std::min(rest.find_first_of(";,"), rest.size());
    out.value = trim_blanks(rest.substr(0, end));
    rest.remove_prefix(end);
    return out;
  }
  std::size_t at = 1;
  for (; at < rest.size() && rest[at] != '"'; ++at) {
    if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
    out.value += rest[at];
  }
  out.is_readable = at < rest.size();
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return out;
}

// Takes the next link from the start of `rest`, with the comma behind it.
HeaderLink take_link(std::string_view& rest) {
  HeaderLink link;
  auto const end = rest.find('>');
  if (!rest.starts_with('<') || end == std::string_view::npos) {
    link.is_readable = false;
    rest = {};
    return link;
  }
  link.address = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  bool has_relations = false;
  for (;;) {
    rest = trim_blanks(rest);
    if (!rest.starts_with(';')) break;
    rest = trim_blanks(rest.substr(1));
    auto const equals = std::min(rest.find_first_of("=;,"), rest.size());
    auto const name = trim_blanks(rest.substr(0, equals));
    rest.remove_prefix(equals);
    if (!rest.starts_with('=')) continue;
    rest = trim_blanks(rest.substr(1));
    auto parameter = take_value(rest);
    link.is_readable = link.is_readable && parameter.is_readable;
    // Only the first `rel` counts.
    if (!equal_without_case(name, "rel") || std::exchange(has_relations, true)) continue;
    link.relations = std::move(parameter.value);
  }
  link.is_readable = link.is_readable && (rest.empty() || rest.starts_with(','));
  return link;
}

bool has_relation(std::string_view relations, std::string_view relation) {
  while (!relations.empty()) {
    auto const end = std::min(relations.find_first_of(" \t"), relations.size());
    auto word = relations.substr(0, end);
    // Quotes that are none to HTTP.
    if (word.size() > 1 && word.front() == '\'' && word.back() == '\'') {
      word = word.substr(1, word.size() - 2);
    }
    if (equal_without_case(word, relation)) return true;
    relations.remove_prefix(std::min(end + 1, relations.size()));
  }
  return false;
}

// Elements of a list may be empty: proxies leave them where they take one out.
std::string_view without_empty(std::string_view list) {
  list = trim_blanks(list);
  while (list.starts_with(',')) list = trim_blanks(list.substr(1));
  return list;
}

}  // namespace

Result<std::string> next_link_in(Headers const& headers, std::string_view name) {
  bool is_readable = true;
  for (auto const& [field, value] : headers.fields()) {
    if (!equal_without_case(field, name)) continue;
    auto rest = without_empty(value);
    if (!rest.empty() && !rest.starts_with('<')) return std::string(rest);
    while (!rest.empty()) {
      auto const link = take_link(rest);
      if (has_relation(link.relations, "next")) return std::string(link.address);
      is_readable = is_readable && link.is_readable;
      if (!link.is_readable) break;
      rest = without_empty(rest);
    }
  }
  if (is_readable) return std::string();
  // Its value is not shown: an address in it may have a token.
  return Error(ErrorCode::paging_broken,
               "the header `" + std::string(name) +
                   "` cannot be read, so it is not known whether another page follows",
               "Compare it with RFC 8288, or name the next page in another way under `page` of the "
               "stream.");
}

std::string related_link(Headers const& headers, std::string_view relation) {
  for (auto const& [field, value] : headers.fields()) {
    if (!equal_without_case(field, "Link")) continue;
    auto rest = without_empty(value);
    while (!rest.empty()) {
      auto const link = take_link(rest);
      if (has_relation(link.relations, relation)) return std::string(link.address);
      if (!link.is_readable) break;
      rest = without_empty(rest);
    }
  }
  return {};
}

}  // namespace affsync::engine
