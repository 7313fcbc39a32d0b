// Writes the text format of Prometheus for series that are kept as plain numbers: a library's
// objects for every stream of a thousand sources would take more memory than the rest of the
// daemon. Performs no I/O.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace affsync::serve {

// Counts values by the smallest bound that they do not exceed.
class Histogram {
 public:
  // `bounds` ascend; the caller keeps them.
  explicit Histogram(std::span<double const> bounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}

  void observe(double value);
  bool is_empty() const {
    return std::ranges::all_of(counts_, [](auto count) { return count == 0; });
  }

 private:
  friend class Exposition;
  std::span<double const> bounds_;
  std::vector<std::int64_t> counts_;  // the last counts values above all bounds
  double sum_ = 0;
};

class Exposition {
 public:
  using Label = std::pair<std::string_view, std::string_view>;

  // Begins a family; its series follow. A family without series writes nothing.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void series(std::initializer_list<Label> labels, std::int64_t value);
  void series(std::initializer_list<Label> labels, double value);
  // Writes a value that is decimal text already, as amounts are: they never become binary numbers.
  void series(std::initializer_list<Label> labels, std::string_view decimal);
  // Writes all series of a histogram with these labels.
  void histogram(std::initializer_list<Label> labels, Histogram const& values);

  void reserve(std::size_t bytes) { text_.reserve(bytes); }
  std::string take() { return std::move(text_); }

 private:
  void begin_series(std::span<Label const> labels, std::string_view suffix = {});
  void end_series(std::int64_t value);
  void end_series(double value);

  std::string text_;
  std::string header_;  // header of the current family, until its first series
  std::string name_;
};

}  // namespace affsync::serve
