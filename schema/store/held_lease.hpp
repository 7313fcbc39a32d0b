// A lease: only one instance holds it at a time. The destructor releases it.
#pragma once

#include <string>

#include "base/clock.hpp"

namespace affsync::schema {

class Lease {
 public:
  virtual ~Lease() = default;
};

// The process that holds a lease.
struct LeaseHolder {
  std::string host;
  int process_id = 0;
  TimePoint since{};
  TimePoint until{};  // when it ends unless it is renewed
  LeaseHolder() = default;
};

// Returns text such as "process 4711 on host-1".
std::string to_text(LeaseHolder const& holder);

}  // namespace affsync::schema
