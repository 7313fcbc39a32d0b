// The JSON of /readyz, /api/status and of errors. Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "daemon/serve/page_state.hpp"
#include "daemon/serve/readiness.hpp"

namespace affsync::serve {

// {"ready":false,"reasons":[{"reason":…,"source":…,"stream":…,"message":…}]}
std::string readiness_json(std::vector<NotReady> const& not_ready);
// {"ready":false}
std::string bare_readiness_json(bool ready);

// {"version","commit","started_at","now","ready","reasons":[…],"streams":[{…}]}; times are UTC,
// unknown values are null.
std::string status_json(PageState const& state);

Json reasons_json(std::vector<NotReady> const& not_ready);

// {"error":{"code":…,"message":…,"hint":…}}
std::string error_json(Error const& error);

}  // namespace affsync::serve
