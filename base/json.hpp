// A JSON document whose numbers keep their own text, so that money never passes through a double.
//
// Values are immutable once parsed. Objects keep the order of their members. A flaw that cannot go
// into PostgreSQL (a NUL in a string, bytes that are not UTF-8, a member name that occurs twice)
// does not fail the document: it marks the value and everything around it, and the row that holds
// it goes to quarantine. So does NaN or Infinity in a number's place.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace affsync {

class Json;
struct JsonMember;

struct JsonLimits {
  std::size_t depth = 32;          // nested arrays and objects
  std::size_t members = 4096;      // of one object
  std::size_t values = 5'000'000;  // in the whole document
};

class Json {
 public:
  enum class Kind { null, boolean, number, string, array, object };
  using Array = std::vector<Json>;
  using Object = std::vector<JsonMember>;

  Json() = default;  // null
  static Json boolean(bool value);
  static Json number(std::string text);  // `text` must be a valid JSON number
  static Json string(std::string text);
  // NaN or Infinity: a string of the word, with the mark.
  static Json stray_word(std::string text);
  static Json array(Array items);
  static Json object(Object members);

  Kind kind() const { return static_cast<Kind>(value_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_number() const { return kind() == Kind::number; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_array() const { return kind() == Kind::array; }
  bool is_object() const { return kind() == Kind::object; }

  // Only for the kind that the name says; std::bad_variant_access otherwise.
  bool as_bool() const { return std::get<bool>(value_); }
  std::string const& as_string() const { return std::get<std::string>(value_); }
  std::string const& number_text() const { return std::get<Number>(value_).text; }
  Array const& items() const { return std::get<Array>(value_); }
  Object const& members() const;

  // The scalar as text: true/false, the number's own text, the string's content; nullopt for null,
  // arrays and objects.
  std::optional<std::string_view> scalar_text() const;

  // The member of that name (the last one, should it occur twice); nullptr when there is none or
  // this is no object.
  Json const* find(std::string_view name) const;

  // Somewhere in here a string holds U+0000, which PostgreSQL cannot store. A byte that is not
  // UTF-8 and half a surrogate pair (a text that was cut in the middle of a character) are read as
  // U+0000 too.
  bool has_nul() const { return has_nul_; }
  // Somewhere in here an object has two members of the same name.
  bool has_duplicate() const { return has_duplicate_; }
  // Somewhere in here NaN or Infinity stands in a number's place.
  bool has_stray_word() const { return has_stray_word_; }

  // Compact text. Numbers are written as they came. U+0000 is written as U+FFFD, so that the text
  // can always become jsonb.
  void dump_to(std::string& out) const;
  std::string dump() const;

 private:
  struct Number {
    std::string text;
  };
  std::variant<std::monostate, bool, Number, std::string, Array, Object> value_;
  bool has_nul_ = false;
  bool has_duplicate_ = false;
  bool has_stray_word_ = false;
};

struct JsonMember {
  std::string name;
  Json value;
};

// A byte order mark is skipped; anything after the document is an error, and so are bytes that are
// not UTF-8 outside of strings. The texts of numbers are kept but for "-0", which becomes "0".
// A number too large for a double ("1e999999") or too small for PostgreSQL ("1e-99999") is kept as
// a JSON string of its text. Errors: malformed_answer (with the byte position), answer_too_large.
Result<Json> parse_json(std::string_view text, JsonLimits const& limits = {});

// Appends `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

// A path into a document: member names and array indexes joined by dots ("totals.count",
// "data.0.id"); "$" alone is the document itself.
class JsonPath {
 public:
  JsonPath() = default;
  explicit JsonPath(std::string_view text);
  // nullptr when a step does not exist; a present null is found.
  Json const* in(Json const& document) const;
  std::string const& text() const { return text_; }
  // The first step's name; empty for "$".
  std::string_view head() const;

 private:
  std::string text_;
  std::vector<std::string> steps_;
};

}  // namespace affsync
