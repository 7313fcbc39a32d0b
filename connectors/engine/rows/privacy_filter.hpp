// What is kept of names, e-mails and phones: the raw row without them, or with hashes of them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/rows/privacy_tree.hpp"

namespace affsync::engine {

// Texts that stand in the place of some values of a row.
using ValueTexts = std::vector<std::pair<Json const*, std::string>>;

class PrivacyFilter {
 public:
  // Personal is what the stream lists, what a personal column of any of its tables reads, and what
  // nothing reads and has the name of something personal.
  explicit PrivacyFilter(StreamPlan const& plan);

  // A value at this path of a row, or something around it, is personal.
  bool covers(std::string_view path) const;
  Privacy privacy() const { return privacy_; }

  // Appends the row's JSON text, member order and number texts kept. Members at the paths in
  // `skip` are left out, values in `instead` are written as the text beside them.
  void dump(Json const& row, std::vector<std::string> const& skip, std::string& out,
            ValueTexts const& instead = {}) const;

  // "sha256:" and 64 hex digits over the source's salt followed by the value: the same person has
  // the same hash within a source, whatever it is called, and not across sources. What is such a
  // text already stays as it is.
  std::string hash(std::string_view value) const;

 private:
  using Node = PrivacyTree::Node;
  // Where in the row a value stands.
  struct Place {
    Node const* node = nullptr;  // what is known of it; nullptr: nothing
    bool open = true;            // it is kept unless something says that it is personal
    bool of_person = false;      // it stands in something that is a person
  };
  using Rests = std::vector<std::string_view>;  // of the paths to skip, what is left from here on
  void write(Json const& value, Place place, Rests const& skip, ValueTexts const& instead,
             std::string& out) const;
  void write_items(Json const& list, Place place, ValueTexts const& instead,
                   std::string& out) const;
  void write_members(Json const& object, Place place, Rests const& skip, ValueTexts const& instead,
                     std::string& out) const;
  void write_hidden(Json const& value, std::string& out) const;

  std::string salt_;
  Privacy privacy_;
  std::vector<std::string> paths_;  // that are personal
  PrivacyTree tree_;
  bool mapped_only_ = false;  // what is not in the tree is not kept
  bool of_person_ = false;    // a row is a person
};

}  // namespace affsync::engine
