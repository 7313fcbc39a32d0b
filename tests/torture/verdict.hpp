// The conditions that must hold after the disturbances.
#pragma once

#include "tests/torture/stage.hpp"

namespace affsync::torture {

// Runs full passes without faults, then all comparisons. Each contradiction becomes a problem of
// the stage. Returns a readable summary of the runs.
std::string judge(Stage& stage);

}  // namespace affsync::torture
