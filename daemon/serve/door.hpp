// Who may read what: asks for the token, holds off those who guess it, counts and tells that.
// Performs no I/O.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/serve/access.hpp"
#include "daemon/serve/metrics.hpp"
#include "daemon/serve/sign_in.hpp"
#include "daemon/serve/token_guard.hpp"

namespace affsync::serve {

class Door {
 public:
  // `metrics` must outlive the door. `hosts`: PagesParts::proxies; `on_guessing`:
  // see there.
  Door(AccessRules rules, std::vector<std::string> hosts, Metrics& metrics,
       std::function<void(std::string const& caller)> on_guessing)
      : access_(std::move(rules)),
        hosts_(std::move(hosts)),
        metrics_(metrics),
        on_guessing_(std::move(on_guessing)) {}

  // Of a configuration that was read again. Another token ends all sessions.
  void set_rules(AccessRules rules) { access_ = Access(std::move(rules)); }

  Admission admit(HttpRequest const& request, Target const& target, std::string const& peer,
                  TimePoint now);

 private:
  Access access_;
  TokenGuard guard_;
  std::vector<std::string> hosts_;
  Metrics& metrics_;
  std::function<void(std::string const& caller)> on_guessing_;
};

}  // namespace affsync::serve
