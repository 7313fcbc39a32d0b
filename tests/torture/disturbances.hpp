// Random events that happen to brokers, processes or the database.
#pragma once

#include "tests/torture/stage.hpp"

namespace affsync::torture {

void disturb(Stage& stage, Random& random);

// Removes every fault, limit and closed endpoint. Changes of rows stay.
void remove_disturbances(Stage& stage);

}  // namespace affsync::torture
