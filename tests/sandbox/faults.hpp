// Faults that the sandbox can inject, as text: `kind[:name=value[,name=value]…]`.
//
// Scope and trigger of every kind: path=SUBSTRING, method=GET, every=N (each Nth request in scope),
// next=N (only the next N), skip=N (not the first N), probability=P (seeded). The other parameters
// belong to a kind; fault_catalogue() lists them. Values may be percent-encoded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "tests/sandbox/http.hpp"

namespace affsync::sandbox {

class Fault {
 public:
  // Errors: usage, with the unknown kind, the unknown parameter or the malformed number.
  static Result<Fault> parse(std::string_view spec);

  std::string const& kind() const { return kind_; }
  std::string const& spec() const { return spec_; }
  std::string_view text(std::string_view name, std::string_view fallback) const;
  long number(std::string_view name, long fallback) const;
  std::optional<std::string_view> find(std::string_view name) const;

  // Counts the request if it is in scope. Returns true if the fault applies to it.
  bool strikes(Request const& request, std::uint64_t seed);
  std::uint64_t struck() const { return struck_; }

 private:
  std::string kind_;
  std::string spec_;
  std::vector<std::pair<std::string, std::string>> values_;
  std::uint64_t seen_ = 0;
  std::uint64_t struck_ = 0;
};

// The faults that apply to one request.
class ActiveFaults {
 public:
  void add(Fault fault) { faults_.push_back(std::move(fault)); }
  // The first fault of that kind; nullptr if none applies.
  Fault const* find(std::string_view kind) const;
  std::vector<Fault> const& all() const { return faults_; }

 private:
  std::vector<Fault> faults_;
};

class FaultSet {
 public:
  explicit FaultSet(std::uint64_t seed) : seed_(seed) {}
  void add(Fault fault) { faults_.push_back(std::move(fault)); }
  // Removes the faults of that kind; all faults if it is empty.
  void clear(std::string_view kind);
  bool has(std::string_view kind) const;
  ActiveFaults strike(Request const& request);
  std::vector<Fault> const& all() const { return faults_; }

 private:
  std::uint64_t seed_;
  std::vector<Fault> faults_;
};

// One line per kind: name, its own parameters, meaning.
std::string fault_catalogue();

}  // namespace affsync::sandbox
