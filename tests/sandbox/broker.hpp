// What the sandbox needs to know of a broker; one implementation a broker, in a folder of its own.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "tests/sandbox/endpoints.hpp"
#include "tests/sandbox/faults.hpp"
#include "tests/sandbox/feed.hpp"
#include "tests/sandbox/http.hpp"
#include "tests/sandbox/throttle.hpp"

namespace affsync::sandbox {

class Broker {
 public:
  virtual ~Broker() = default;
  virtual std::string_view name() const = 0;
  virtual bool is_login(Request const& request) const = 0;

  // Everything of the API, errors too. The faults are those that bend the content.
  virtual Reply answer(Request const& request, ActiveFaults const& faults) = 0;
  // An error in the broker's own form.
  virtual Reply error(int status, std::string_view code, std::string_view message) const = 0;

  virtual std::span<Feed* const> feeds() = 0;

  // Lets days pass; each new day brings `rows_per_day` dated rows. Returns the new last day.
  virtual std::string advance(int days, std::size_t rows_per_day) = 0;
  // New rows, dated `day` (the last day when empty). Errors: usage.
  virtual Result<std::vector<Handle>> add(std::string_view feed, std::size_t rows,
                                          std::string_view day) = 0;
  // All tokens given out so far are expired from now on.
  virtual void expire_tokens() = 0;

  // "Too fast", in the broker's own form.
  virtual Reply throttled(std::chrono::duration<double> wait) const {
    return throttled_reply("drf", wait);
  }
  // The paths that can be hidden and denied while it runs; nullptr where none can.
  virtual Endpoints* endpoints() { return nullptr; }
};

}  // namespace affsync::sandbox
