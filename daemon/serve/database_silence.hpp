// Notices that the database has not answered for a while, which no call tells that waits for it.
#pragma once

#include <functional>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace affsync::serve {

class DatabaseSilence {
 public:
  // Is told once that the database has not answered for `lasted`, with the last problem, and once
  // that it answers again after `lasted`, without one.
  using Told = std::function<void(Duration lasted, std::optional<Error> const& problem)>;
  // `told` may be null.
  explicit DatabaseSilence(Told told) : told_(std::move(told)) {}

  // Takes the result of one question; no problem: it was answered.
  void on_answer(std::optional<Error> const& problem, TimePoint now);

 private:
  Told told_;
  std::optional<TimePoint> since_;  // of the first question that was not answered
  bool is_told_ = false;
};

}  // namespace affsync::serve
