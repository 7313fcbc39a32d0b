// Inflates gzip and deflate bodies as they arrive. Limits the size of the result and the ratio, so
// that a small answer cannot fill the memory. Performs no I/O.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace affsync::net {

enum class Compression { gzip, deflate };

struct InflateLimits {
  std::size_t bytes = 256 * 1024 * 1024;     // inflated size
  std::size_t ratio = 200;                   // inflated to compressed size …
  std::size_t ratio_from = 8 * 1024 * 1024;  // … for inflated sizes above this
};

class Inflater {
 public:
  Inflater(Compression compression, InflateLimits const& limits);
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;
  ~Inflater();

  // Appends what `piece` inflates to. Errors: malformed_answer, answer_too_large.
  Result<void> put(std::string_view piece, std::string& out);

  // Call it at the end of the body. Errors: truncated if the compressed data is not complete.
  Result<void> finish() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::net
