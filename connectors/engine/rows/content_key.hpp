// The key of a row that has no id: a hash of its content. Equal rows have equal keys here; see
// Occurrences.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/engine/rows/field_path.hpp"
#include "connectors/engine/rows/privacy_filter.hpp"

namespace affsync::engine {

// Appends the value's text with members in the order of their names and numbers without needless
// zeros.
void append_canonical(std::string& out, Json const& value);

// Returns why a part of a key that comes from a table, as it is or in a hash, is none: an error of
// a spreadsheet, which other rows have too; empty if it may be one.
std::string flaw_of_key_part(Json const& part, std::string_view path);

class ContentKey {
 public:
  ContentKey(StreamPlan const& plan, HashKey const& spec);

  // Writes 32 hex digits to `key`. The order of members and the spelling of numbers do not matter,
  // neither do personal and volatile fields, so that what is stored of a row has the same key
  // whatever the privacy setting is. Returns false with the reason if a row has none of the fields,
  // or an error of a spreadsheet in one.
  bool read(Json const& row, std::string& key, std::string& reason) const;

  std::vector<FieldPath> const& fields() const { return fields_; }

 private:
  std::vector<FieldPath> fields_;          // empty: everything that is kept in `raw`
  std::unique_ptr<PrivacyFilter> filter_;  // drops what is personal, whatever the setting is
  std::vector<std::string> volatile_fields_;
  bool is_of_table_;  // whose cells may hold errors of a spreadsheet
};

}  // namespace affsync::engine
