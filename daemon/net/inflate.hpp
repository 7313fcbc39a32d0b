// gzip and deflate bodies, inflated as they come in, under a cap on the result and on the ratio, so
// that a small answer cannot fill the memory. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace affsync::net {

enum class Compression { gzip, deflate };

struct InflateLimits {
  std::size_t bytes = 256 * 1024 * 1024;     // inflated
  std::size_t ratio = 200;                   // inflated to compressed …
  std::size_t ratio_from = 8 * 1024 * 1024;  // … once there is more than this
};

class Inflater {
 public:
  Inflater(Compression compression, InflateLimits const& limits);
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;
  ~Inflater();

  // Appends what `piece` inflates to. Errors: malformed_answer, answer_too_large.
  Result<void> put(std::string_view piece, std::string& out);

  // The body has ended. Errors: truncated when the compressed data has not.
  Result<void> finish() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::net
