// The only unit that instantiates nlohmann's parser. Its SAX interface hands over a number's own
// text, which the DOM of that library would lose.
#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace affsync {
namespace {

using Sax = nlohmann::json_sax<nlohmann::json>;

class Builder final : public Sax {
 public:
  explicit Builder(JsonLimits const& limits) : limits_(limits) {}

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json::boolean(value)); }
  bool number_integer(std::int64_t value) override {
    return add(Json::number(std::to_string(value)));
  }
  bool number_unsigned(std::uint64_t value) override {
    return add(Json::number(std::to_string(value)));
  }
  bool number_float(double, std::string const& text) override { return add(Json::number(text)); }
  bool string(std::string& value) override { return add(Json::string(std::move(value))); }
  bool binary(nlohmann::json::binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(true); }
  bool key(std::string& name) override {
    auto& frame = stack_.back();
    if (frame.members.size() >= limits_.members) return refuse("an object has too many members");
    frame.name = std::move(name);
    return true;
  }
  bool end_object() override {
    Json value = Json::object(std::move(stack_.back().members));
    stack_.pop_back();
    return add(std::move(value));
  }
  bool start_array(std::size_t) override { return open(false); }
  bool end_array() override {
    Json value = Json::array(std::move(stack_.back().items));
    stack_.pop_back();
    return add(std::move(value));
  }

  bool parse_error(std::size_t position, std::string const&,
                   nlohmann::detail::exception const& error) override {
    number_overflow_ = error.id == 406;  // out_of_range: a number beyond a double
    position_ = position;
    return false;
  }

  bool number_overflow() const { return number_overflow_; }
  Error error() const {
    if (!refusal_.empty()) return Error(ErrorCode::answer_too_large, "JSON refused: " + refusal_);
    return Error(ErrorCode::malformed_answer,
                 "not valid JSON at byte " + std::to_string(position_));
  }
  Json take() { return std::move(root_); }

 private:
  struct Frame {
    Json::Array items;
    Json::Object members;
    std::string name;
    bool is_object = false;
  };

  bool refuse(std::string why) {
    refusal_ = std::move(why);
    return false;
  }

  bool open(bool is_object) {
    if (stack_.size() >= limits_.depth) return refuse("nested too deeply");
    stack_.emplace_back().is_object = is_object;
    return true;
  }

  bool add(Json value) {
    if (++values_ > limits_.values) return refuse("too many values");
    if (stack_.empty()) {
      root_ = std::move(value);
      return true;
    }
    auto& frame = stack_.back();
    if (frame.is_object) {
      frame.members.push_back({std::move(frame.name), std::move(value)});
    } else {
      frame.items.push_back(std::move(value));
    }
    return true;
  }

  JsonLimits const& limits_;
  std::vector<Frame> stack_;
  Json root_;
  std::size_t values_ = 0;
  std::size_t position_ = 0;
  bool number_overflow_ = false;
  std::string refusal_;
};

// `text` with every number that could overflow a double (an exponent of three or more digits, or
// hundreds of digits) made a JSON string. The parser stops at such a number; as a string it reaches
// the mapping, which refuses the one row.
std::string quote_huge_numbers(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 64);
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    char const c = text[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < text.size()) out += text[++i];
      if (c == '"') in_string = false;
      ++i;
      continue;
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
      auto end = text.find_first_not_of("+-.eE0123456789", i);
      if (end == std::string_view::npos) end = text.size();
      auto const token = text.substr(i, end - i);
      auto const exponent = token.find_first_of("eE");
      auto const digits = exponent == std::string_view::npos ? 0 : token.size() - exponent - 1;
      bool const huge = digits >= 3 || token.size() > 300;
      if (huge) out += '"';
      out += token;
      if (huge) out += '"';
      i = end;
      continue;
    }
    in_string = c == '"';
    out += c;
    ++i;
  }
  return out;
}

}  // namespace

Result<Json> parse_json(std::string_view text, JsonLimits const& limits) {
  Builder builder(limits);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return builder.take();
  if (!builder.number_overflow()) return builder.error();

  std::string const quoted = quote_huge_numbers(text);
  Builder second(limits);
  if (nlohmann::json::sax_parse(quoted.begin(), quoted.end(), &second)) return second.take();
  return second.error();
}

}  // namespace affsync
