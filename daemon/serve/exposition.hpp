// Writes the text format of Prometheus for series that are kept as plain numbers: a registry's
// objects for every stream of a thousand sources would take more memory than the rest of the
// daemon. Performs no I/O.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace affsync::serve {

class Exposition {
 public:
  using Label = std::pair<std::string_view, std::string_view>;

  // Begins a family; its series follow. A family without series writes nothing.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void series(std::initializer_list<Label> labels, std::int64_t value);
  void series(std::initializer_list<Label> labels, double value);

  std::string take() { return std::move(text_); }

 private:
  void begin_series(std::initializer_list<Label> labels);

  std::string text_;
  std::string header_;  // header of the current family, until its first series
  std::string name_;
};

}  // namespace affsync::serve
