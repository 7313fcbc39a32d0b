#include "base/redact.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/encodings.hpp"
#include "base/readings.hpp"
#include "base/text.hpp"

namespace affsync {
namespace {

// Fewer bytes are not treated as a secret or as its beginning: replacing them would mask parts of
// ordinary words and so reveal its letters.
constexpr std::size_t least_secret_bytes = 4;
constexpr std::string_view cut_mark = "…";

std::uint32_t first_bytes(char const* text) {
  std::uint32_t bytes = 0;
  static_assert(sizeof bytes == least_secret_bytes);
  std::memcpy(&bytes, text, sizeof bytes);
  return bytes;
}

std::size_t slot_of(std::uint32_t bytes) {
  return (bytes * 2654435761U) >> 18U;
}

// Returns where the secret begins in the text at or after `from`; npos if nowhere. Takes a time
// that grows with the sum of both lengths, not with their product: a broker chooses both its token
// and its rows.
std::size_t find_in(std::string_view text, std::string_view secret, std::size_t from) {
  if (from >= text.size()) return std::string_view::npos;
  auto const* const found =
      memmem(text.data() + from, text.size() - from, secret.data(), secret.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<char const*>(found) - text.data());
}

// How many bytes at the end of the text are the beginning of the secret (Knuth, Morris and Pratt).
std::size_t begun_at_end(std::string_view text, std::string_view secret) {
  if (text.size() >= secret.size()) text.remove_prefix(text.size() - secret.size() + 1);
  if (text.size() < least_secret_bytes) return 0;
  secret = secret.substr(0, text.size());
  std::vector<std::size_t> shorter(secret.size() + 1, 0);
  for (std::size_t at = 1, known = 0; at < secret.size(); ++at) {
    while (known > 0 && secret[at] != secret[known]) known = shorter[known];
    if (secret[at] == secret[known]) ++known;
    shorter[at + 1] = known;
  }
  std::size_t known = 0;
  for (char const c : text) {
    while (known > 0 && (known == secret.size() || c != secret[known])) known = shorter[known];
    if (c == secret[known]) ++known;
  }
  return known;
}

// Returns true for an escape that lacks its end.
bool is_cut_escape(std::string_view text) {
  auto const lead = text.front();
  text.remove_prefix(1);
  auto const only = [&](std::string_view letters) {
    return text.find_first_not_of(letters) == std::string_view::npos;
  };
  constexpr std::string_view hex = "0123456789abcdef";
  if (lead == '%') return text.size() < 2 && only(hex);
  if (lead == '&') return text.size() < 8 && only("#abcdefghijklmnopqrstuvwxyz0123456789");
  if (text.starts_with('u')) text.remove_prefix(1);
  return text.size() < 4 && only(hex);
}

// Where a text that was cut may end: an escape may have been cut as well.
std::vector<std::size_t> ends_of(std::string_view piece) {
  std::vector<std::size_t> ends{piece.size()};
  for (char const lead : {'%', '\\', '&'}) {
    auto const at = piece.rfind(lead);
    if (at != std::string_view::npos && is_cut_escape(piece.substr(at))) ends.push_back(at);
  }
  return ends;
}

// Replaces all places with ***.
std::string masked(std::string text, std::vector<Place> places) {
  if (places.empty()) return text;
  std::ranges::sort(places, {}, &Place::begin);
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = 0; at < places.size();) {
    auto whole = places[at++];
    while (at < places.size() && places[at].begin < whole.end) {
      whole.end = std::max(whole.end, places[at++].end);
    }
    out.append(text, done, whole.begin - done);
    out += "***";
    done = whole.end;
  }
  return out.append(text, done);
}

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

}  // namespace

void Redactor::add_needle(std::string_view text) {
  auto reading = as_it_stands(text, false);
  add_compared(compared(reading).bytes);
  // A secret may look like an escape itself.
  int decodings = 0;
  while (decodings < most_decodings && decode(reading)) ++decodings;
  if (decodings > 0) add_compared(compared(reading).bytes);
}

void Redactor::add_compared(std::string text) {
  if (text.size() > least_secret_bytes && text.front() == ' ') text.erase(0, 1);
  if (text.size() > least_secret_bytes && text.back() == ' ') text.pop_back();
  if (text.size() < least_secret_bytes) return;
  auto const begin = first_bytes(text.data());
  slots_[slot_of(begin)] = true;
  auto const at = std::ranges::lower_bound(needles_, begin, {}, &Needle::begin);
  needles_.insert(at, {begin, Secret(std::move(text))});
}

void Redactor::add_plain(Secret const& secret) {
  if (secret.reveal().size() >= least_secret_bytes) add_needle(secret.reveal());
}

void Redactor::add(Secret const& secret) {
  auto const& text = secret.reveal();
  add_plain(secret);
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
    if (url != core) add_needle(url);
    add_needle(core);
  }
}

// Returns the secrets of which the first bytes are in the text. Nearly all texts have none.
std::vector<std::string_view> Redactor::begun_in(std::string_view text) const {
  std::vector<bool> begun(needles_.size());
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at + least_secret_bytes <= text.size(); ++at) {
    auto const begin = first_bytes(text.data() + at);
    if (!slots_[slot_of(begin)]) continue;
    auto one = std::ranges::lower_bound(needles_, begin, {}, &Needle::begin);
    for (; one != needles_.end() && one->begin == begin; ++one) {
      auto const index = static_cast<std::size_t>(one - needles_.begin());
      if (begun[index]) break;
      begun[index] = true;
      out.emplace_back(one->text.reveal());
    }
    if (out.size() == needles_.size()) break;
  }
  return out;
}

std::string Redactor::redact(std::string text) const {
  if (needles_.empty()) return text;
  std::vector<Place> places;
  auto reading = as_it_stands(text, true);
  for (int decodings = 0; decodings <= most_decodings; ++decodings) {
    if (decodings > 0 && !decode(reading)) break;
    auto const form = compared(reading);
    std::string_view const bytes = form.bytes;
    auto const begun = begun_in(bytes);
    auto const hide = [&](std::size_t from, std::size_t end) {
      places.push_back({form.places[from].begin, form.places[end - 1].end});
    };
    for (auto const secret : begun) {
      for (auto at = find_in(bytes, secret, 0); at != std::string_view::npos;) {
        hide(at, at + secret.size());
        at = find_in(bytes, secret, at + secret.size());
      }
    }
    for (std::size_t from = 0; !begun.empty() && from < bytes.size();) {
      auto const cut = std::min(bytes.find(cut_mark, from), bytes.size());
      auto const piece = bytes.substr(from, cut - from);
      for (auto const end : ends_of(piece)) {
        for (auto const secret : begun) {
          auto const known = begun_at_end(piece.substr(0, end), secret);
          if (known >= least_secret_bytes) hide(from + end - known, cut);
        }
      }
      from = cut + cut_mark.size();
    }
  }
  return masked(std::move(text), std::move(places));
}

bool Redactor::is_in(std::string_view text) const {
  if (needles_.empty()) return false;
  auto reading = as_it_stands(text, false);
  for (int decodings = 0; decodings <= most_decodings; ++decodings) {
    if (decodings > 0 && !decode(reading)) return false;
    auto const form = compared(reading);
    for (auto const secret : begun_in(form.bytes)) {
      if (find_in(form.bytes, secret, 0) != std::string_view::npos) return true;
    }
  }
  return false;
}

std::string redact(std::string text, Secret const& secret) {
  Redactor redactor;
  redactor.add_plain(secret);
  return redactor.redact(std::move(text));
}

}  // namespace affsync
