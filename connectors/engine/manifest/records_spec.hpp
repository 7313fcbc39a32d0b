// How the rows of a list are made from an answer, where they are not just the objects of a list.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"

namespace affsync::engine {

// Makes rows of the members of an object: {"EUR": "0.92"} becomes {"currency": "EUR", "rate": …}.
struct ExpandSpec {
  std::vector<std::string> names;  // fields for the member's name at each level, outermost first
  // Field for the innermost member; empty: each member that is an object is a row.
  std::string value;
  std::vector<JsonPath> only;  // only these members; empty: all
};

// A field that is added to each row, with the same value for all rows of an answer.
struct KeptField {
  enum class From {
    answer,       // the value at `path` in the answer
    window_from,  // the first day of the request's window
    window_to,    // its last day
    request,      // the value of the parameter `text`, as it was sent
    item,         // the item that the request is for
    constant,     // `text`
  };
  std::string field;
  From from = From::answer;
  JsonPath path;
  std::string text;  // may have ${settings.NAME}

  bool is_day_of_window() const { return from == From::window_from || from == From::window_to; }
};

// A row that is a list of cells, each an object with a name and a value.
struct CellsSpec {
  JsonPath from;   // of the list in a row; "$": the row is the list
  JsonPath name;   // in a cell
  JsonPath value;  // in a cell
};

// A list inside each row, whose elements become rows with the row around them as `parent`.
struct EachSpec {
  JsonPath from;                   // in a row
  std::vector<std::string> names;  // it is an object: fields for its members' names
  std::string as;                  // field for the element; empty: its own fields are the row's
};

}  // namespace affsync::engine
