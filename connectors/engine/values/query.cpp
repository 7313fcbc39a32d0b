#include "connectors/engine/values/query.hpp"

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "base/encodings.hpp"

namespace affsync::engine {

namespace urls = boost::urls;

std::string encode_query(std::string_view text) {
  return urls::encode(text, urls::unreserved_chars);
}

std::string decode_query(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '+', ' ');
  return percent_decoded_where_it_is(plain);
}

void set_parameter(std::string& target, std::string_view name, std::string_view value) {
  auto const mark = std::min(target.find('?'), target.size());
  auto out = target.substr(0, mark);
  char joint = '?';
  std::string_view query(target);
  query.remove_prefix(std::min(mark + 1, query.size()));
  while (!query.empty()) {
    auto const end = std::min(query.find('&'), query.size());
    auto const pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (decode_query(pair.substr(0, pair.find('='))) == name) continue;
    out += joint;
    out += pair;
    joint = '&';
  }
  out += joint;
  out += encode_query(name) + '=' + encode_query(value);
  target = std::move(out);
}

}  // namespace affsync::engine
