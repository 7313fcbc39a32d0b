// Removes secrets from text that quotes a peer, in every encoding that a peer is likely to use.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace affsync {

// Replaces every occurrence of the secret with ***. Each byte may be plain, percent-encoded once or
// twice (a blank also as +), or an escape of JSON or HTML, in any mixture; case is ignored. At the
// end of the text and before `…` (where a text was cut), the first four bytes of the secret are
// enough. A secret of less than four bytes is not replaced. The time is bounded by the length of
// the text: of one that repeats parts of a long secret without end, all that is left becomes ***.
std::string redact(std::string text, Secret const& secret);

// Does the same for several secrets, and also finds each of them in hex and within base64 data
// (both alphabets, at any offset in the encoded data).
class Redactor {
 public:
  // Ignores secrets of less than four bytes.
  void add(Secret const& secret);
  bool empty() const { return needles_.empty(); }

  std::string redact(std::string text) const;
  // Returns whether `text` contains a whole secret. The beginning of one at the end does not count.
  // True also for a text that takes too long; see redact().
  bool is_in(std::string_view text) const;

 private:
  void add_needle(std::string text);

  std::vector<Secret> needles_;
  std::array<bool, 256> begins_{};  // true for each byte that can start a needle or an escape
};

}  // namespace affsync
