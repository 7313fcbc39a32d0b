// A large value that is the same for many owners, who share it until one of them changes its own:
// what many sources read by the same connector is in memory once. Copies may be used by several
// threads, one copy by one thread unless it is const.
#pragma once

#include <memory>
#include <utility>

namespace affsync {

template <class T>
class SharedValue {
 public:
  SharedValue() : value_(std::make_shared<T>()) {}
  SharedValue(T value) : value_(std::make_shared<T>(std::move(value))) {}
  // Shares what another owner has; see handle().
  explicit SharedValue(std::shared_ptr<T> value) : value_(std::move(value)) {}

  T const& operator*() const { return *value_; }
  T const* operator->() const { return value_.get(); }
  operator T const&() const { return *value_; }

  // The value of this owner alone, to change it. The others keep theirs.
  T& operator*() { return own(); }
  T* operator->() { return &own(); }

  // For those who look for owners of an equal value.
  std::shared_ptr<T> const& handle() const { return value_; }

 private:
  T& own() {
    if (value_.use_count() > 1) value_ = std::make_shared<T>(std::as_const(*value_));
    return *value_;
  }

  std::shared_ptr<T> value_;
};

}  // namespace affsync
