#include "daemon/alerts/shown_secrets.hpp"

#include <algorithm>

#include "base/encodings.hpp"
#include "base/text.hpp"
#include "connectors/engine/values/base64.hpp"

namespace affsync::alerts {
namespace {

// Shorter parts of a path and shorter arguments are words such as "hooks".
constexpr std::size_t least = 6;

void add_if_long(Redactor& secrets, std::string_view text) {
  if (text.size() >= least) secrets.add(Secret(std::string(text)));
}

// Adds a text of an argument without the placeholders of the message.
void add_piece(Redactor& secrets, std::string_view piece) {
  if (piece.starts_with('-')) {
    auto const sign = piece.find('=');
    if (sign == std::string_view::npos) return;
    piece.remove_prefix(sign + 1);
  }
  add_if_long(secrets, piece);
  add_parts(secrets, std::string(piece));
  // "Authorization: Bearer …"
  auto const blank = piece.find_last_of(" :");
  if (blank != std::string_view::npos) add_if_long(secrets, piece.substr(blank + 1));
}

}  // namespace

void add_header(Redactor& secrets, Secret const& value) {
  secrets.add(value);
  auto const text = trim_blanks(value.reveal());
  auto const blank = text.find(' ');
  if (blank == std::string_view::npos) return;
  auto const sent = trim_blanks(text.substr(blank));
  secrets.add(Secret(std::string(sent)));
  if (!equal_without_case(text.substr(0, blank), "basic")) return;
  auto const login = engine::decode_base64(sent);
  if (!login) return;
  secrets.add(Secret(*login));
  secrets.add(Secret(login->substr(std::min(login->find(':') + 1, login->size()))));
}

void add_parts(Redactor& secrets, std::string const& address) {
  for (std::size_t from = 0; from < address.size();) {
    auto const end = std::min(address.find_first_of("/?&=", from), address.size());
    auto const part = address.substr(from, end - from);
    add_if_long(secrets, part);
    if (part.size() >= least) add_if_long(secrets, percent_decoded_where_it_is(part));
    from = end + 1;
  }
}

void add_argument(Redactor& secrets, std::string const& argument) {
  if (argument.find("${") == std::string::npos) {
    add_piece(secrets, argument);
    return;
  }
  // What stands around the words of the message is mostly text: a token has a digit in it.
  for (std::size_t from = 0; from < argument.size();) {
    auto const begin = std::min(argument.find("${", from), argument.size());
    auto const piece = std::string_view(argument).substr(from, begin - from);
    if (piece.find_first_of("0123456789") != std::string_view::npos) add_piece(secrets, piece);
    auto const end = argument.find('}', begin);
    from = end == std::string::npos ? argument.size() : end + 1;
  }
}

}  // namespace affsync::alerts
