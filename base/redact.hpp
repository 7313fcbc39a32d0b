// Removes secrets from text that quotes a peer, in every encoding that a peer is likely to use.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace affsync {

// Replaces every occurrence of the secret with ***. Each byte may be plain, percent-encoded, or an
// escape of JSON or HTML, in any mixture and several times over (base/readings.hpp). Case is
// ignored in every script, and a run of blanks equals any other. At the end of the text and before
// `…` (where a text was cut), the first four bytes of the secret are enough. A secret of less than
// four bytes is not replaced. The time grows with the length of the text, whatever it repeats.
std::string redact(std::string text, Secret const& secret);

// Does the same for several secrets, and also finds each of them in hex and within base64 data
// (both alphabets, at any offset in the encoded data).
class Redactor {
 public:
  // Ignores secrets of less than four bytes.
  void add(Secret const& secret);
  // Does not look for it in hex and base64.
  void add_plain(Secret const& secret);
  bool empty() const { return needles_.empty(); }

  std::string redact(std::string text) const;
  // Returns whether `text` contains a whole secret. The beginning of one at the end does not count.
  bool is_in(std::string_view text) const;

 private:
  struct Needle {
    std::uint32_t begin;  // its first four bytes
    Secret text;          // as texts are compared
  };

  void add_needle(std::string_view text);
  void add_compared(std::string text);
  std::vector<std::string_view> begun_in(std::string_view text) const;

  std::vector<Needle> needles_;   // by `begin`
  std::bitset<1U << 14U> slots_;  // true for each hash of the first bytes of a needle
};

}  // namespace affsync
