#include "base/yaml/node.hpp"
