// Makes the chosen broker.
#include "tests/sandbox/hooks/hooks.hpp"
#include "tests/sandbox/options.hpp"

namespace affsync::sandbox {

std::unique_ptr<Broker> make_broker(Options const& options, RequestLog& log, SandboxClock& clock) {
  if (options.broker == "wintrado") return wintrado::make_wintrado(options.wintrado, log, clock);
  if (options.broker == "iexexchanger")
    return iexexchanger::make_iexexchanger(options.iexexchanger, log, clock);
  if (options.broker == "iexexchanger_v3")
    return iexexchanger_v3::make_iexexchanger_v3(options.iexexchanger_v3, log, clock);
  if (options.broker == "rates") return rates::make_rates(options.rates, log, clock);
  if (options.broker == "hooks") return hooks::make_hooks();
  return exness::make_exness(options.exness, log, clock);
}

}  // namespace affsync::sandbox
