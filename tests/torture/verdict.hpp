// What must hold when the disturbances are over.
#pragma once

#include "tests/torture/stage.hpp"

namespace affsync::torture {

// Full passes without faults, then every comparison; each contradiction becomes a problem of the
// stage. Gives what the run went through, for people.
std::string judge(Stage& stage);

}  // namespace affsync::torture
