#include "base/random.hpp"

#include <unistd.h>

#include "base/error.hpp"

namespace affsync {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (::getentropy(bytes.data(), bytes.size()) != 0) {
    throw Failure(ErrorCode::internal, "the machine provides no random bytes");
  }
  return bytes;
}

}  // namespace affsync
