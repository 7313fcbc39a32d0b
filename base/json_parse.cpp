// The only unit that instantiates nlohmann's parser, for documents that base/json_simd.hpp leaves
// to it. Its SAX interface passes on the original text of a number, which the library's DOM would
// lose.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/json_mend.hpp"
#include "base/json_simd.hpp"

namespace affsync {
namespace {

using Sax = nlohmann::json_sax<nlohmann::json>;

// Returns whether jsonb, whose numbers are numeric, accepts the number. Numbers too large for
// numeric are too large for a double and never get here. Numbers too small do, and so does a zero
// with any exponent.
bool fits_numeric(std::string_view number) {
  constexpr std::int64_t most_behind_point = 16383;
  auto const mark = std::min(number.find_first_of("eE"), number.size());
  auto const point = std::min(number.find('.'), mark);
  auto const behind = static_cast<std::int64_t>(mark - std::min(point + 1, mark));
  if (mark == number.size()) return behind <= most_behind_point;
  auto written = number.substr(mark + 1);
  if (written.front() == '+') written.remove_prefix(1);
  std::int64_t exponent = 0;
  auto const [end, error] =
      std::from_chars(written.data(), written.data() + written.size(), exponent);
  return error == std::errc() && std::abs(exponent) <= most_behind_point &&
         behind - exponent <= most_behind_point;
}

Error not_json(std::size_t byte) {
  return Error(ErrorCode::malformed_answer, "not valid JSON at byte " + std::to_string(byte));
}

class Builder final : public Sax {
 public:
  explicit Builder(JsonLimits const& limits, bool mended = false)
      : limits_(limits), mended_(mended) {}

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json::boolean(value)); }
  bool number_integer(std::int64_t value) override {
    return add(Json::number(std::to_string(value)));
  }
  bool number_unsigned(std::uint64_t value) override {
    return add(Json::number(std::to_string(value)));
  }
  bool number_float(double, std::string const& text) override {
    return add(fits_numeric(text) ? Json::number(text) : Json::string(text));
  }
  bool string(std::string& value) override {
    if (mended_ && value.starts_with(stray_word_mark)) {
      return add(Json::stray_word(value.substr(stray_word_mark.size())));
    }
    return add(Json::string(std::move(value)));
  }
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
                   nlohmann::detail::exception const&) override {
    position_ = position;
    return false;
  }

  // True if the document exceeds a limit. Its syntax may still be valid.
  bool refused() const { return !refusal_.empty(); }
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
  bool mended_;  // the text comes from mend_json: strings may begin with stray_word_mark
  std::vector<Frame> stack_;
  Json root_;
  std::size_t values_ = 0;
  std::size_t position_ = 0;
  std::string refusal_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, JsonLimits const& limits) {
  if (auto plain = parse_plain_json(text, limits)) return std::move(*plain);
  return parse_json_thoroughly(text, limits);
}

Result<Json> parse_json_thoroughly(std::string_view text, JsonLimits const& limits) {
  // The parser takes a zero byte for the end of the text and would ignore what follows.
  auto const zero = text.find('\0');
  Builder builder(limits);
  if (zero == text.npos) {
    if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return builder.take();
    if (builder.refused()) return builder.error();
  }
  // Invalid values are rare, so only a document that failed is scanned for them.
  auto const mended = mend_json(text);
  if (mended && mended->find('\0') == std::string::npos) {
    Builder second(limits, true);
    if (nlohmann::json::sax_parse(mended->begin(), mended->end(), &second)) return second.take();
    if (second.refused()) return second.error();
  }
  if (zero != text.npos) return not_json(zero + 1);
  return builder.error();  // with the byte position in the text as received
}

}  // namespace affsync
