// What is kept of names, e-mails and phones: the raw row without them, or with hashes of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "connectors/engine/stream_plan.hpp"

namespace affsync::engine {

class PrivacyFilter {
 public:
  // Personal is what the stream lists, and what a personal column of any of its tables reads.
  explicit PrivacyFilter(StreamPlan const& plan);

  // A value at this path of a row, or something around it, is personal.
  bool covers(std::string_view path) const;
  bool keeps_all() const { return privacy_ == Privacy::keep || paths_.empty(); }
  Privacy privacy() const { return privacy_; }

  // Appends the row's JSON text, member order and number texts kept. Top-level members named in
  // `skip` are left out.
  void dump(Json const& row, std::vector<std::string> const& skip, std::string& out) const;

  // "sha256:" and 64 hex digits over the source's name followed by the value: the same person has
  // the same hash within a source, and not across sources.
  std::string hash(std::string_view value) const;

 private:
  using Rests = std::vector<std::string_view>;  // what is left of the paths, from some value on
  void write(Json const& value, Rests const& rests, std::string& out) const;
  void write_members(Json const& object, Rests const& rests, std::vector<std::string> const& skip,
                     std::string& out) const;
  void write_hidden(Json const& value, std::string& out) const;

  std::string source_;
  Privacy privacy_;
  std::vector<std::string> paths_;
};

}  // namespace affsync::engine
