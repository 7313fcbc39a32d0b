// Removes names, e-mails and phones from a raw row, or replaces them with hashes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/rows/known_members.hpp"
#include "connectors/engine/rows/privacy_tree.hpp"

namespace affsync::engine {

// Replacement texts for values of a row.
using ValueTexts = std::vector<std::pair<Json const*, std::string>>;

class PrivacyFilter {
 public:
  // Personal is what the stream lists, what a personal column of any of its tables reads, and every
  // field that nothing reads and whose name is that of personal data, or whose value is a mail
  // address.
  explicit PrivacyFilter(StreamPlan const& plan);

  // Returns true if the value at this path of a row, or something that contains it, is personal.
  bool covers(std::string_view path) const;
  Privacy privacy() const { return privacy_; }

  // Appends the row's JSON text; member order and spelling of numbers are kept. Members at the
  // paths in `skip` are left out; values in `instead` are replaced with their text.
  void dump(Json const& row, std::vector<std::string> const& skip, std::string& out,
            ValueTexts const& instead = {}) const;

  // Returns "sha256:" and 64 hex digits over the salt followed by the value. The same person has
  // the same hash within a source, even if the source is renamed, but not across sources. A text
  // that is such a hash already is returned unchanged.
  std::string hash(std::string_view value) const;

 private:
  using Node = PrivacyTree::Node;
  // The context of a value in the row.
  struct Place {
    Node const* node = nullptr;  // what is known about it; nullptr: nothing
    bool open = true;            // it is kept unless something marks it as personal
    bool of_person = false;      // it belongs to an object that is a person
  };
  using Rests = std::vector<std::string_view>;  // the remainders of the paths to skip, from here on
  void write(Json const& value, Place place, Rests const& skip, ValueTexts const& instead,
             std::string& out) const;
  void write_items(Json const& list, Place place, ValueTexts const& instead,
                   std::string& out) const;
  void write_row(Json const& row, Place place, ValueTexts const& instead, std::string& out) const;
  void write_members(Json const& object, Place place, Rests const& skip, ValueTexts const& instead,
                     std::string& out) const;
  // Writes the value of a member that is written.
  void write_value(Json const& value, std::string_view name, MemberVerdict const& verdict,
                   Rests const& skip, ValueTexts const& instead, std::string& out) const;
  MemberVerdict judge(std::string_view name, Place place) const;
  // Whether a value of a field that nothing reads is a mail address.
  bool is_stray_mail(Json const& value, Node const* node) const;
  void hide_stray_mail(Json const& value, MemberVerdict& verdict) const;
  void write_hidden(Json const& value, std::string& out) const;

  std::string salt_;
  Privacy privacy_;
  std::vector<std::string> paths_;  // personal paths
  PrivacyTree tree_;
  KnownMembers known_;        // of rows
  bool mapped_only_ = false;  // what is not in the tree is dropped
  bool has_parents_ = false;  // rows are from inside other rows
  bool of_person_ = false;    // each row is a person
};

// Returns which parts of the keys of the stream's tables are stored as hashes, as a text; empty:
// none.
std::string hashed_key_parts(StreamPlan const& plan);

}  // namespace affsync::engine
