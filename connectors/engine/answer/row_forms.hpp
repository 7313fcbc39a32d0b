// Makes rows of the elements of a list, where an element is not the row itself: it is wrapped, is a
// list of cells, or has a list of rows inside.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/engine/answer/asked_for.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

// Returns true for an object all of whose names are numbers and all of whose members are objects:
// PHP writes an array whose indexes have a gap like that.
bool is_numbered_list(Json const& value);

// "of the stream (mybroker.yaml:12:3)", for hints that name what to change there.
std::string of_stream(StreamSpec const& stream);

// Builds the rows of one answer. What it makes is added to `made`, which must outlive the rows.
class RowForms {
 public:
  RowForms(StreamSpec const& stream, std::deque<Json>& made) : stream_(stream), made_(made) {}

  // Returns true if `names` makes rows of the members of an object.
  static bool makes_rows_of_members(StreamSpec const& stream) {
    return stream.expand && stream.expand->value.empty();
  }

  // Makes rows of the members of `object`, with their names as fields. Errors: malformed_answer if
  // none of its members is an object.
  std::optional<Error> take_members(Json const& object, std::vector<Json const*>& elements);

  // Applies `unwrap` and `cells` to each element.
  std::optional<Error> shape(std::vector<Json const*>& elements);

  // Applies `each`: replaces the elements with the rows inside them. `element_of` gets the index of
  // the element of each row.
  std::optional<Error> take_inner(std::vector<Json const*>& rows,
                                  std::vector<std::size_t>& element_of);

  // Applies `keep` to each row that is an object.
  std::optional<Error> keep(Json const& body, AskedFor const& asked,
                            std::vector<Json const*>& rows);

 private:
  std::string check_records() const { return "Check `records` " + of_stream(stream_) + "."; }
  using Names = std::vector<std::string>;
  std::optional<Error> take_members(Json const& object, Names const& names, Json::Object fields,
                                    std::string const& as, std::vector<Json const*>& out);
  std::optional<Error> take_member(JsonMember const& member, Names const& names,
                                   Json::Object fields, std::string const& as,
                                   std::vector<Json const*>& out);
  Result<Json const*> unwrapped(Json const& element) const;
  Result<Json> of_cells(Json const& element) const;
  std::optional<Error> take_inner(EachSpec const& each, std::vector<Json const*>& rows,
                                  std::vector<std::size_t>& element_of);
  std::optional<Error> take_inner_of(EachSpec const& each, Json const& row,
                                     std::vector<Json const*>& out, bool& found);
  // Puts `fields` and the members of `value` into one row; a name that both have is an error.
  // `who` names the origin of the fields for the message.
  std::optional<Error> add_row(Json::Object fields, Json const& value, bool fields_first,
                               std::string_view who, std::vector<Json const*>& out);
  // Counts fields that a row repeats.
  std::optional<Error> count(Json::Object const& fields);

  StreamSpec const& stream_;
  std::deque<Json>& made_;
  std::size_t values_ = 0, bytes_ = 0;  // repeated so far
};

}  // namespace affsync::engine
