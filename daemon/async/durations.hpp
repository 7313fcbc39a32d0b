// Time limits as text for messages.
#pragma once

#include <chrono>
#include <string>

namespace affsync::async {

// "30 s", "1.5 s", "200 ms"
inline std::string to_text(std::chrono::milliseconds time) {
  auto const count = time.count();
  if (count < 1000) return std::to_string(count) + " ms";
  std::string text = std::to_string(count / 1000);
  if (count % 1000 >= 100) text += "." + std::to_string(count % 1000 / 100);
  return text + " s";
}

}  // namespace affsync::async
