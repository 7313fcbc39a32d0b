// A lease: only one instance holds it at a time. The destructor releases it.
#pragma once

namespace affsync::schema {

class Lease {
 public:
  virtual ~Lease() = default;
};

}  // namespace affsync::schema
