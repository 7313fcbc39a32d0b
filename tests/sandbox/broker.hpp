// Interface of a fake broker. Each broker has one implementation in its own folder.
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

  // Answers every request of the API, with errors too. `faults` are those that alter the content.
  virtual Reply answer(Request const& request, ActiveFaults const& faults) = 0;
  // An error in the broker's own format.
  virtual Reply error(int status, std::string_view code, std::string_view message) const = 0;

  virtual std::span<Feed* const> feeds() = 0;

  // Advances the broker's last day. Each new day gets `rows_per_day` dated rows. Returns the new
  // last day.
  virtual std::string advance(int days, std::size_t rows_per_day) = 0;
  // Adds rows dated `day` (the last day if empty). Errors: usage.
  virtual Result<std::vector<Handle>> add(std::string_view feed, std::size_t rows,
                                          std::string_view day) = 0;
  // Expires all tokens issued so far.
  virtual void expire_tokens() = 0;

  // The refusal for too many requests, in the broker's own format.
  virtual Reply throttled(std::chrono::duration<double> wait) const {
    return throttled_reply("drf", wait);
  }
  // The paths that can be hidden and denied at runtime; nullptr if there are none.
  virtual Endpoints* endpoints() { return nullptr; }
};

}  // namespace affsync::sandbox
