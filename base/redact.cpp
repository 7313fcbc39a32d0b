#include "base/redact.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/encodings.hpp"
#include "base/text.hpp"

namespace affsync {
namespace {

std::optional<std::uint32_t> number(std::string_view digits, int base) {
  std::uint32_t value = 0;
  auto const* const end = digits.data() + digits.size();
  auto const [last, flaw] = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || flaw != std::errc() || last != end || value > 0x10FFFF) return std::nullopt;
  return value;
}

std::string utf8(std::uint32_t code) {
  auto const rest = [code](int shift) {
    return static_cast<char>(0x80 | ((code >> shift) & 0x3F));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), rest(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | (code >> 12)), rest(6), rest(0)};
  return {static_cast<char>(0xF0 | (code >> 18)), rest(12), rest(6), rest(0)};
}

// The bytes that an escape at the start of a text encodes.
struct Spelling {
  std::string bytes;
  std::size_t length = 0;  // of the escape in the text; 0: there is none
};

Spelling percent(std::string_view text) {
  if (text.starts_with('+')) return {" ", 1};
  if (!text.starts_with('%') || text.size() < 3) return {};
  auto const byte = number(text.substr(1, 2), 16);
  if (!byte) return {};
  return {std::string(1, static_cast<char>(*byte)), 3};
}

// A query within a query: "%2541" for "A".
Spelling twice_percent(std::string_view text) {
  if (!text.starts_with("%25") || text.size() < 5) return {};
  auto const byte = number(text.substr(3, 2), 16);
  if (!byte) return {};
  return {std::string(1, static_cast<char>(*byte)), 5};
}

Spelling json_escape(std::string_view text) {
  if (!text.starts_with('\\') || text.size() < 2) return {};
  if (text[1] != 'u') {
    constexpr std::string_view names = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
    auto const at = names.find(text[1]);
    if (at == std::string_view::npos) return {};
    return {std::string(1, meant[at]), 2};
  }
  auto const first = text.size() < 6 ? std::nullopt : number(text.substr(2, 4), 16);
  if (!first) return {};
  bool const is_half = *first >= 0xD800 && *first < 0xDC00;
  if (!is_half) return {utf8(*first), 6};
  if (text.size() < 12 || text[6] != '\\' || text[7] != 'u') return {};
  auto const second = number(text.substr(8, 4), 16);
  if (!second || *second < 0xDC00 || *second > 0xDFFF) return {};
  return {utf8(0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00)), 12};
}

Spelling html_entity(std::string_view text) {
  if (!text.starts_with('&')) return {};
  constexpr std::array<std::pair<std::string_view, char>, 5> names{
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  for (auto const& [name, meant] : names) {
    if (starts_without_case(text, name)) return {std::string(1, meant), name.size()};
  }
  auto const end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 3 || text[1] != '#') return {};
  bool const hex = text[2] == 'x' || text[2] == 'X';
  auto const code = number(text.substr(hex ? 3 : 2, end - (hex ? 3 : 2)), hex ? 16 : 10);
  if (!code) return {};
  return {utf8(*code), end + 1};
}

using ReadSpelling = Spelling (*)(std::string_view);
constexpr ReadSpelling read_spelling[] = {percent, twice_percent, json_escape, html_entity};
constexpr std::string_view escapes = "%+\\&";

// Fewer bytes are not treated as a secret or as its beginning.
constexpr std::size_t least_secret_bytes = 4;

// Returns whether the first byte matches, and the second one if both are plain. This cheap test
// rules out nearly all positions of a text.
bool may_begin(std::string_view text, std::string_view secret) {
  if (to_lower(text[0]) == to_lower(secret[0])) {
    bool const plain = text.size() > 1 && escapes.find(text[1]) == std::string_view::npos;
    if (!plain || to_lower(text[1]) == to_lower(secret[1])) return true;
  }
  if (escapes.find(text[0]) == std::string_view::npos) return false;
  for (auto const read : read_spelling) {
    auto const spelling = read(text);
    if (spelling.length > 0 && starts_without_case(secret, spelling.bytes)) return true;
  }
  return false;
}

// How many steps may be spent on one text. A broker that chooses both its token and its rows could
// ask for as many as the product of their lengths: hours. Texts that mean no harm take a step for
// some hundred bytes.
class Effort {
 public:
  explicit Effort(std::size_t text_bytes) : left_(1'000'000 + 4 * text_bytes) {}
  bool spend(std::size_t steps) {
    left_ -= std::min(left_, steps);
    return left_ > 0;
  }

 private:
  std::size_t left_;
};

// Returns how many bytes at the start of `text` encode the secret, the largest of several lengths;
// 0 if they do not. A byte that starts an escape may also be plain (in the secret `%25`), so all
// ways to read the text are tried. With `cut_counts`, the beginning of the secret is enough where
// the text was cut. When the effort is spent, all of the text counts as the secret.
std::size_t spelled_length(std::string_view text, std::string_view secret, bool cut_counts,
                           Effort& effort) {
  if (!may_begin(text, secret)) return 0;
  std::map<std::size_t, std::set<std::size_t>> ways{
      {0, {0}}};  // bytes of the secret -> of the text
  std::size_t until_cut = 0;
  while (!ways.empty() && ways.begin()->first < secret.size()) {
    auto const [known, places] = *ways.begin();
    ways.erase(ways.begin());
    auto const wanted = secret.substr(known);
    if (!effort.spend(places.size())) return text.size();
    for (auto const place : places) {
      auto const here = text.substr(place);
      if (here.empty() || here.starts_with("…")) {
        if (cut_counts && known >= least_secret_bytes) until_cut = std::max(until_cut, place);
        continue;
      }
      if (to_lower(here[0]) == to_lower(wanted[0])) ways[known + 1].insert(place + 1);
      for (auto const read : read_spelling) {
        auto const spelling = read(here);
        if (spelling.length == 0 || !starts_without_case(wanted, spelling.bytes)) continue;
        ways[known + spelling.bytes.size()].insert(place + spelling.length);
      }
    }
  }
  return ways.empty() ? until_cut : *ways.begin()->second.rbegin();
}

}  // namespace

namespace {

// Replaces each place at which `length_at` finds a secret.
template <class LengthAt>
std::string masked(std::string_view text, LengthAt length_at) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    auto const length = length_at(text.substr(at));
    if (length == 0) {
      out += text[at++];
    } else {
      out += "***";
      at += length;
    }
  }
  return out;
}

}  // namespace

std::string redact(std::string text, Secret const& secret) {
  // Replacing a shorter secret would mask parts of ordinary words and so reveal its letters.
  if (secret.reveal().size() < least_secret_bytes) return text;
  Effort effort(text.size());
  return masked(text, [&](std::string_view rest) {
    return spelled_length(rest, secret.reveal(), true, effort);
  });
}

namespace {

// Returns the base64 characters of `bytes` at an offset of `before` bytes (0, 1 or 2) in the
// encoded data: only those characters that do not depend on the bytes before and after.
std::string base64_core(std::string_view bytes, std::size_t before) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  auto const bit = [&](std::size_t at) {
    return (static_cast<unsigned char>(bytes[at / 8]) >> (7 - at % 8)) & 1U;
  };
  std::string out;
  // The first group of six bits that lies entirely within `bytes`.
  std::size_t const first = (6 - before * 8 % 6) % 6;
  for (std::size_t at = first; at + 6 <= bytes.size() * 8; at += 6) {
    unsigned group = 0;
    for (std::size_t i = 0; i < 6; ++i) group = group * 2 + bit(at + i);
    out += letters[group];
  }
  return out;
}

// The longest of the needles at the start of the text; 0 if none is there.
std::size_t longest_at(std::string_view text, std::vector<Secret> const& needles, bool cut_counts,
                       Effort& effort) {
  std::size_t length = 0;
  for (auto const& needle : needles) {
    length = std::max(length, spelled_length(text, needle.reveal(), cut_counts, effort));
  }
  return length;
}

}  // namespace

void Redactor::add_needle(std::string text) {
  begins_[static_cast<unsigned char>(text[0])] = true;
  begins_[static_cast<unsigned char>(to_lower(text[0]))] = true;
  if (text[0] >= 'a' && text[0] <= 'z') {
    begins_[static_cast<unsigned char>(text[0] - 'a' + 'A')] = true;
  }
  for (char const c : escapes) begins_[static_cast<unsigned char>(c)] = true;
  needles_.emplace_back(std::move(text));
}

void Redactor::add(Secret const& secret) {
  auto const& text = secret.reveal();
  if (text.size() < least_secret_bytes) return;
  add_needle(text);
  // The encoding of a shorter secret is so short that it would match unrelated text.
  constexpr std::size_t least_encoded = 6;
  if (text.size() < least_encoded) return;
  add_needle(hex_of(text));
  for (std::size_t before = 0; before < 3; ++before) {
    auto core = base64_core(text, before);
    auto url = core;
    for (auto& c : url) {
      if (c == '+') c = '-';
      if (c == '/') c = '_';
    }
    if (url != core) add_needle(std::move(url));
    add_needle(std::move(core));
  }
}

std::string Redactor::redact(std::string text) const {
  Effort effort(text.size());
  return masked(text, [&](std::string_view rest) -> std::size_t {
    if (!begins_[static_cast<unsigned char>(rest.front())]) return 0;
    return longest_at(rest, needles_, true, effort);
  });
}

bool Redactor::is_in(std::string_view text) const {
  if (needles_.empty()) return false;
  Effort effort(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    bool const may = begins_[static_cast<unsigned char>(text[at])];
    if (may && longest_at(text.substr(at), needles_, false, effort) > 0) return true;
  }
  return false;
}

}  // namespace affsync
