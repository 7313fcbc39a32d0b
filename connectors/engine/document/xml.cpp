#include "connectors/engine/document/xml.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "connectors/engine/document/xml_reader.hpp"

namespace affsync::engine {
namespace {

// An element whose end has not come yet.
class OpenElement {
 public:
  explicit OpenElement(XmlElement const& element) : name_(element.name), is_nil_(element.is_nil) {
    for (auto const& [name, value] : element.attributes) add("@" + name, Json::string(value));
  }
  std::string const& name() const { return name_; }
  void add_text(std::string_view text) { text_ += text; }
  void add(std::string const& name, Json value) {
    auto const [place, is_new] = places_.try_emplace(name, members_.size());
    if (is_new) members_.push_back({name, {}});
    members_[place->second].values.push_back(std::move(value));
  }
  std::size_t members() const { return members_.size(); }
  // `as_object`: even if it has nothing but text.
  Json take(bool as_object) {
    if (is_nil_ && members_.empty()) return as_object ? Json::object({}) : Json();
    auto const text = trim_blanks(text_);
    if (members_.empty() && !as_object) return Json::string(std::string(text));
    Json::Object object;
    object.reserve(members_.size() + 1);
    for (auto& [name, values] : members_) {
      auto value = values.size() == 1 ? std::move(values.front()) : Json::array(std::move(values));
      object.push_back({std::move(name), std::move(value)});
    }
    if (!text.empty()) object.push_back({"#text", Json::string(std::string(text))});
    return Json::object(std::move(object));
  }

 private:
  struct Member {
    std::string name;
    Json::Array values;
  };
  std::string name_;
  bool is_nil_;
  std::string text_;
  std::vector<Member> members_;
  std::map<std::string, std::size_t> places_;
};

class TreeBuilder {
 public:
  TreeBuilder(DocumentSpec const& spec, DocumentLimits const& limits)
      : spec_(spec), limits_(limits) {}

  Result<void> start(XmlElement const& element) {
    if (open_.empty()) {
      root_name_ = element.name;
      if (!spec_.root.empty() && root_name_ != spec_.root) return not_root();
    }
    bool const is_row = !row_depth_ && !spec_.row.empty() && element.name == spec_.row;
    open_.emplace_back(element);
    if (is_row) row_depth_ = open_.size();
    values_ += 1 + element.attributes.size();
    if (values_ > limits_.values) {
      return Error(ErrorCode::answer_too_large, "XML refused: too many elements");
    }
    return {};
  }

  Result<void> text(std::string_view text) {
    if (!open_.empty()) open_.back().add_text(text);
    return {};
  }

  Result<void> end() {
    bool const is_row = row_depth_ == open_.size();
    auto const name = open_.back().name();
    auto value = open_.back().take(is_row);
    open_.pop_back();
    if (is_row) {
      row_depth_.reset();
      rows_.push_back(std::move(value));
      if (open_.empty()) root_ = Json::object({});
    } else if (open_.empty()) {
      root_ = std::move(value);
    } else {
      open_.back().add(name, std::move(value));
      if (open_.back().members() > limits_.columns) {
        return Error(ErrorCode::answer_too_large,
                     "XML refused: an element has too many different ones in it");
      }
    }
    return {};
  }

  Result<Json> finish() {
    // A page of errors has no rows either.
    if (!spec_.row.empty() && spec_.root.empty() && rows_.empty()) {
      return Error(ErrorCode::malformed_answer,
                   "no element <" + spec_.row + "> in <" + root_name_ + ">",
                   "If this is the broker's way to say that there are no rows, name the outermost "
                   "element of a good answer: `xml: {row: " +
                       spec_.row + ", root: " + root_name_ + "}`.");
    }
    Json::Object document;
    if (!spec_.row.empty()) document.push_back({"rows", Json::array(std::move(rows_))});
    document.push_back({"root", std::move(root_)});
    return Json::object(std::move(document));
  }

 private:
  Error not_root() const {
    return Error(ErrorCode::malformed_answer,
                 "the outermost element is <" + root_name_ + ">, not <" + spec_.root + ">");
  }

  DocumentSpec const& spec_;
  DocumentLimits const& limits_;
  std::vector<OpenElement> open_;
  std::string root_name_;
  std::optional<std::size_t> row_depth_;  // of the row that is open
  std::size_t values_ = 0;
  Json root_;
  Json::Array rows_;
};

}  // namespace

Result<Json> read_xml(std::string_view bytes, DocumentSpec const& spec,
                      DocumentLimits const& limits) {
  TreeBuilder tree(spec, limits);
  XmlEvents events;
  events.start = [&](XmlElement const& element) { return tree.start(element); };
  events.text = [&](std::string_view text) { return tree.text(text); };
  events.end = [&](std::string_view) { return tree.end(); };
  auto const read = read_xml_events(bytes, limits, "XML", events);
  if (!read) return read.error();
  return tree.finish();
}

}  // namespace affsync::engine
