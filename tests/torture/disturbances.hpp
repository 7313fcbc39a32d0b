// One random thing that happens to brokers, processes or the database.
#pragma once

#include "tests/torture/stage.hpp"

namespace affsync::torture {

void disturb(Stage& stage, Random& random);

// Every fault, limit and obstacle is taken away; what happened to the rows stays.
void heal(Stage& stage);

}  // namespace affsync::torture
