// A JSON document whose numbers keep their original text, so that money never becomes a double.
//
// Values are immutable once parsed. Objects keep the order of their members. Content that
// PostgreSQL cannot store (a NUL in a string, bytes that are not UTF-8, a duplicate member name)
// does not make the whole document invalid: the value and all values that contain it are marked,
// and the row with the mark is quarantined. The same applies to NaN or Infinity instead of a
// number.
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
  // A string that holds NaN or Infinity; has_stray_word() is true for it.
  static Json stray_word(std::string text);
  static Json array(Array items);
  static Json object(Object members);

  Kind kind() const { return static_cast<Kind>(value_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_number() const { return kind() == Kind::number; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_array() const { return kind() == Kind::array; }
  bool is_object() const { return kind() == Kind::object; }

  // Each throws std::bad_variant_access if the value is of another kind.
  bool as_bool() const { return std::get<bool>(value_); }
  std::string const& as_string() const { return std::get<std::string>(value_); }
  std::string const& number_text() const { return std::get<Number>(value_).text; }
  Array const& items() const { return std::get<Array>(value_); }
  Object const& members() const;

  // Returns a scalar as text: true/false, the number's original text or the string's content;
  // nullopt for null, arrays and objects.
  std::optional<std::string_view> scalar_text() const;

  // Returns the member of that name, the last one if it occurs twice; nullptr if there is none or
  // this is not an object.
  Json const* find(std::string_view name) const;

  // True if this value contains a string with U+0000, which PostgreSQL cannot store. The parser
  // turns bytes that are not UTF-8 and unpaired surrogates (a text cut within a character) into
  // U+0000 too.
  bool has_nul() const { return has_nul_; }
  // True if this value contains an object with two members of the same name.
  bool has_duplicate() const { return has_duplicate_; }
  // True if this value contains NaN or Infinity instead of a number.
  bool has_stray_word() const { return has_stray_word_; }

  // Writes compact JSON text with the original text of numbers. Writes U+0000 as U+FFFD, because
  // jsonb does not accept U+0000.
  void dump_to(std::string& out) const;
  std::string dump() const;

  // For a parser: makes values in their place, and looks for U+0000 only if `may_have_nul`.
  struct InPlace {
    static void string(Json& out, std::string_view text, bool may_have_nul);
    static void number(Json& out, std::string_view text);
    static Array& array(Json& out);
    static Object& object(Json& out);
    // After the last item or member.
    static void end_array(Json& out);
    static void end_object(Json& out, bool may_have_nul);
  };

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

// Changing a value may destroy an object, so these need the whole type.
inline void Json::InPlace::string(Json& out, std::string_view text, bool may_have_nul) {
  out.has_nul_ = may_have_nul && text.find('\0') != std::string_view::npos;
  out.value_.emplace<std::string>(text);
}
inline void Json::InPlace::number(Json& out, std::string_view text) {
  out.value_.emplace<Number>().text = text;
}
inline Json::Array& Json::InPlace::array(Json& out) {
  return out.value_.emplace<Array>();
}

// Parses one JSON document and skips a byte order mark. Anything after the document and bytes
// outside strings that are not UTF-8 are errors. Keeps the text of numbers, except that "-0"
// becomes "0". A number too large for a double ("1e999999") or too small for PostgreSQL
// ("1e-99999") becomes a JSON string with its text. Errors: malformed_answer (with the byte
// position), answer_too_large.
Result<Json> parse_json(std::string_view text, JsonLimits const& limits = {});
// The same, always by the thorough parser. For tests, which compare the two.
Result<Json> parse_json_thoroughly(std::string_view text, JsonLimits const& limits = {});

// Appends `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

// A path into a document: member names and array indexes separated by dots ("totals.count",
// "data.0.id"). "$" alone is the document itself. A name with dots, blanks, quotes or brackets is
// quoted, with a backslash before a quote or a backslash in it: data."Total Amount".usd.
class JsonPath {
 public:
  JsonPath() = default;
  // A text that is_json_path() rejects is taken as the name of one member.
  explicit JsonPath(std::string_view text);
  // Returns the value at this path, which may be a JSON null; nullptr if a step does not exist.
  Json const* in(Json const& document) const;
  // Returns the path with quotes only around names that need them, so that equal paths have equal
  // texts, and the text of a path begins with that of each path to a value around it.
  std::string const& text() const { return text_; }
  // Returns the names and indexes in order; empty for "$".
  std::vector<std::string> const& steps() const { return steps_; }
  // Returns the name of the first step; empty for "$".
  std::string_view head() const;

 private:
  std::string text_;
  std::vector<std::string> steps_;
};

// Returns true if the text is a path as described above.
bool is_json_path(std::string_view text);

// Returns the name as it is written in a path.
std::string path_step(std::string_view name);

}  // namespace affsync
