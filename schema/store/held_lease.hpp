// What another instance must not have at the same time; given back when destroyed.
#pragma once

namespace affsync::schema {

class Lease {
 public:
  virtual ~Lease() = default;
};

}  // namespace affsync::schema
