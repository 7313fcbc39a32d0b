#include "daemon/serve/exposition.hpp"

#include <charconv>

namespace affsync::serve {

namespace {

void append_label_value(std::string& out, std::string_view value) {
  for (char const letter : value) {
    if (letter == '\n') {
      out += "\\n";
      continue;
    }
    if (letter == '"' || letter == '\\') out += '\\';
    out += letter;
  }
}

}  // namespace

void Exposition::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  header_ = "# HELP " + name_ + " ";
  header_.append(help).append("\n# TYPE ").append(name_).append(" ").append(type).append("\n");
}

void Exposition::begin_series(std::initializer_list<Label> labels) {
  text_ += header_;
  header_.clear();
  text_ += name_;
  char before = '{';
  for (auto const& [label, value] : labels) {
    text_ += before;
    text_.append(label).append("=\"");
    append_label_value(text_, value);
    text_ += '"';
    before = ',';
  }
  text_ += labels.size() == 0 ? " " : "} ";
}

void Exposition::series(std::initializer_list<Label> labels, std::int64_t value) {
  begin_series(labels);
  text_ += std::to_string(value);
  text_ += '\n';
}

void Exposition::series(std::initializer_list<Label> labels, double value) {
  begin_series(labels);
  char digits[32];
  auto const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  text_.append(digits, end);
  text_ += '\n';
}

}  // namespace affsync::serve
