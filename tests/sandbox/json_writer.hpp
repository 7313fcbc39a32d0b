// Writes one JSON object directly into a buffer. Fast, and able to write the unusual forms that
// real brokers send.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "tests/sandbox/fixed.hpp"

namespace affsync::sandbox {

class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  // `json` is a complete JSON value.
  void raw(std::string_view key, std::string_view json) {
    name(key);
    out_ += json;
  }
  void null(std::string_view key) { raw(key, "null"); }
  void boolean(std::string_view key, bool value) { raw(key, value ? "true" : "false"); }
  void number(std::string_view key, std::int64_t value) {
    name(key);
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  // `text` needs no escaping.
  void plain(std::string_view key, std::string_view text) {
    name(key);
    out_ += '"';
    out_ += text;
    out_ += '"';
  }
  void text(std::string_view key, std::string_view any_text) {
    name(key);
    append_json_string(out_, any_text);
  }
  // A decimal as a string with exactly `digits` decimals.
  void fixed_text(std::string_view key, WideSum value, int digits) {
    name(key);
    out_ += '"';
    append_fixed(out_, value, digits);
    out_ += '"';
  }
  // A decimal as a number with exactly `digits` decimals.
  void fixed_number(std::string_view key, WideSum value, int digits) {
    name(key);
    append_fixed(out_, value, digits);
  }
  void shortest_text(std::string_view key, WideSum value) {
    name(key);
    out_ += '"';
    append_shortest(out_, value);
    out_ += '"';
  }
  void shortest_number(std::string_view key, WideSum value) {
    name(key);
    append_shortest(out_, value);
  }
  void python_number(std::string_view key, Fixed value) {
    name(key);
    append_python_number(out_, value);
  }
  // Writes only the name; the caller appends the value to buffer().
  void name(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }
  std::string& buffer() { return out_; }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace affsync::sandbox
