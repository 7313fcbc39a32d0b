// An answer that is a text, such as CSV or XML, as the pieces of the text that are its rows, so
// that the same text can be written with other rows.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/engine/document/document_spec.hpp"

namespace affsync::proof {

class TextRows {
 public:
  // Returns how many rows a text has; nullopt if it cannot be read.
  using Count = std::function<std::optional<std::size_t>(std::string const& text)>;

  // Finds the rows: lines of CSV and JSON lines, elements of XML, without which there is one row
  // less. nullopt if they cannot be told, or if the text has another form.
  static std::optional<TextRows> find(std::string const& text, engine::DocumentSpec const& spec,
                                      Count const& count);

  std::vector<std::string> const& rows() const { return rows_; }

  // A row, and the place of the row of the sample that it stands for.
  struct Placed {
    std::size_t place = 0;
    std::string_view text;
  };
  // Returns the text with these rows instead: in their order; or, if other things stand between the
  // rows of the sample, such as further headers, each at its place.
  std::string with(std::vector<Placed> const& rows) const;

 private:
  std::vector<std::string> rows_;
  std::vector<std::string> between_;  // before, between and behind the rows
  bool is_plain_ = true;              // only blanks are between them
};

}  // namespace affsync::proof
