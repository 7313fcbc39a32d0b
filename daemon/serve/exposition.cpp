#include "daemon/serve/exposition.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

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

void append_number(std::string& out, double value) {
  char digits[32];
  auto const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

}  // namespace

void Histogram::observe(double value) {
  auto const bound = std::ranges::lower_bound(bounds_, value);
  ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
  sum_ += value;
}

void Exposition::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  header_ = "# HELP " + name_ + " ";
  header_.append(help).append("\n# TYPE ").append(name_).append(" ").append(type).append("\n");
}

void Exposition::begin_series(std::initializer_list<Label> labels, std::string_view suffix) {
  text_ += header_;
  header_.clear();
  text_.append(name_).append(suffix);
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

void Exposition::end_series(std::int64_t value) {
  text_ += std::to_string(value);
  text_ += '\n';
}

void Exposition::end_series(double value) {
  append_number(text_, value);
  text_ += '\n';
}

void Exposition::series(std::initializer_list<Label> labels, std::int64_t value) {
  begin_series(labels);
  end_series(value);
}

void Exposition::series(std::initializer_list<Label> labels, double value) {
  begin_series(labels);
  end_series(value);
}

void Exposition::histogram(Histogram const& values) {
  auto const all = std::accumulate(values.counts_.begin(), values.counts_.end(), std::int64_t{0});
  begin_series({}, "_count");
  end_series(all);
  begin_series({}, "_sum");
  end_series(values.sum_);
  std::int64_t so_far = 0;
  for (std::size_t at = 0; at < values.bounds_.size(); ++at) {
    so_far += values.counts_[at];
    std::string bound;
    append_number(bound, values.bounds_[at]);
    begin_series({{"le", bound}}, "_bucket");
    end_series(so_far);
  }
  begin_series({{"le", "+Inf"}}, "_bucket");
  end_series(all);
}

}  // namespace affsync::serve
