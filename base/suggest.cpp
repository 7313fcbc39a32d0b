#include "base/suggest.hpp"
