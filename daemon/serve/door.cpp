#include "daemon/serve/door.hpp"

namespace affsync::serve {

Admission Door::admit(HttpRequest const& request, Target const& target, std::string const& peer,
                      TimePoint now) {
  auto const caller = caller_of(peer, request);
  auto admission = serve::admit(access_, guard_, caller, request, target, now, hosts_);
  if (admission.wrong) metrics_.on_token_refused(Metrics::TokenRefusal::wrong);
  if (admission.held_off) metrics_.on_token_refused(Metrics::TokenRefusal::too_many);
  if (admission.waits_now && on_guessing_) on_guessing_(caller);
  return admission;
}

}  // namespace affsync::serve
