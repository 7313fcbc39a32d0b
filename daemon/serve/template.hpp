// Fills the HTML templates of the pages with the members of a JSON document. Everything that is
// filled in is escaped; there is no way to insert HTML from data. Performs no I/O.
//
//   {{name}}, {{a.b}}, {{.}}     the text of a value, escaped for HTML; null is empty
//   {{name|money}}               the same in another form, see `forms` in template_forms.cpp
//   {{#name}}…{{/name}}          for each item of a list, or once for a value that is not empty
//   {{?name}}…{{/name}}          once if the value is not empty, with the values around it
//   {{^name}}…{{/name}}          if the value is empty: null, false, "", 0 or a list without items
//   {{>file}}                    another template; it sees the same values
//   {{! … }}                     a comment
//
// A name is looked up in the innermost value first, then in those around it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace affsync::serve {

class Templates {
 public:
  Templates();
  ~Templates();
  Templates(Templates&&) noexcept;
  Templates& operator=(Templates&&) noexcept;

  // Throws Failure(internal) with the name and the line if the text is not well-formed.
  void add(std::string const& name, std::string_view text);
  // Returns the filled template. Times are told relative to `now`. Names that exist nowhere are
  // empty; they are appended to `unknown`, if given. Throws Failure(internal) if a template or a
  // form does not exist.
  std::string fill(std::string_view name, Json const& data, TimePoint now,
                   std::vector<std::string>* unknown = nullptr) const;

 private:
  struct Node;
  struct Parser;
  struct Filler;
  std::map<std::string, std::vector<Node>, std::less<>> templates_;
};

// Escapes text for HTML content and for attribute values in quotes.
std::string escape_html(std::string_view text);

}  // namespace affsync::serve
