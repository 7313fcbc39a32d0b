// Takes a secret out of a text that quotes a peer, however the peer spells it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace affsync {

// `text` with every occurrence of a secret of four or more bytes replaced by ***. Each byte may
// stand as itself, percent-encoded once or twice (a blank also as +), or as an escape of JSON or
// HTML, in any mixture and without regard to case. At the end of the text, and before `…`, the
// first four bytes are enough.
std::string redact(std::string text, Secret const& secret);

// The same for several secrets, each also within base64 (both alphabets, wherever it begins in what
// was encoded) and hex.
class Redactor {
 public:
  // Secrets of less than four bytes are left out.
  void add(Secret const& secret);
  bool empty() const { return needles_.empty(); }

  std::string redact(std::string text) const;
  // A whole one, not only the beginning of one at the end.
  bool is_in(std::string_view text) const;

 private:
  void add_needle(std::string text);
  std::size_t length_at(std::string_view text, bool cut_counts) const;

  std::vector<Secret> needles_;
  std::array<bool, 256> begins_{};  // bytes that a needle, or an escape, may begin with
};

}  // namespace affsync
