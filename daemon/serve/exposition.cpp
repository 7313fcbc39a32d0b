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

void Exposition::begin_series(std::span<Label const> labels, std::string_view suffix) {
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
  text_ += labels.empty() ? " " : "} ";
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

void Exposition::series(std::initializer_list<Label> labels, std::string_view decimal) {
  begin_series(labels);
  text_.append(decimal) += '\n';
}

void Exposition::histogram(std::initializer_list<Label> labels, Histogram const& values) {
  auto const all = std::accumulate(values.counts_.begin(), values.counts_.end(), std::int64_t{0});
  begin_series(labels, "_count");
  end_series(all);
  begin_series(labels, "_sum");
  end_series(values.sum_);
  std::vector<Label> of_bucket(labels);
  auto& bound = of_bucket.emplace_back("le", "").second;
  std::int64_t so_far = 0;
  for (std::size_t at = 0; at < values.bounds_.size(); ++at) {
    so_far += values.counts_[at];
    std::string text;
    append_number(text, values.bounds_[at]);
    bound = text;
    begin_series(of_bucket, "_bucket");
    end_series(so_far);
  }
  bound = "+Inf";
  begin_series(of_bucket, "_bucket");
  end_series(all);
}

}  // namespace affsync::serve
