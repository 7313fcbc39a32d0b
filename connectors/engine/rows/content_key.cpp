#include "connectors/engine/rows/content_key.hpp"

#include <algorithm>

#include "base/batch.hpp"
#include "base/decimal.hpp"
#include "base/text.hpp"
#include "connectors/engine/values/cell_error.hpp"
#include "connectors/engine/values/numbers.hpp"

namespace affsync::engine {

void append_canonical(std::string& out, Json const& value) {
  if (value.is_object()) {
    std::vector<JsonMember const*> members;
    for (auto const& member : value.members()) members.push_back(&member);
    std::ranges::stable_sort(members, {},
                             [](auto const* member) -> std::string_view { return member->name; });
    out += '{';
    for (auto const* member : members) {
      append_json_string(out, member->name);
      out += ':';
      append_canonical(out, member->value);
      out += ',';
    }
    out += '}';
    return;
  }
  if (value.is_array()) {
    out += '[';
    for (auto const& item : value.items()) {
      append_canonical(out, item);
      out += ',';
    }
    out += ']';
    return;
  }
  if (value.is_number()) {
    auto const number = parse_decimal(value.number_text());
    if (number.error == DecimalError::none) {
      out += without_end_zeros(number.text);
      return;
    }
  }
  value.dump_to(out);
}

std::string flaw_of_key_part(Json const& part, std::string_view path) {
  auto const text = part.is_string() ? trim_blanks(part.as_string()) : std::string_view();
  auto const flaw = part.is_object() ? cell_error_in_words(part) : spreadsheet_error_in_words(text);
  if (flaw.empty()) return {};
  return "the field \"" + std::string(path) + "\", which belongs to the row's key, " + flaw;
}

ContentKey::ContentKey(StreamPlan const& plan, HashKey const& spec)
    : volatile_fields_(plan.spec->volatile_fields), is_of_table_(plan.spec->document.is_table()) {
  for (auto const& path : spec.fields) fields_.emplace_back(path);
  if (!fields_.empty()) return;
  auto dropping = plan;
  dropping.privacy = Privacy::drop;
  filter_ = std::make_unique<PrivacyFilter>(dropping);
}

bool ContentKey::read(Json const& row, std::string& key, std::string& reason) const {
  std::string text;
  bool has_any = fields_.empty();
  for (auto const& field : fields_) {
    auto const* value = field.in(row);
    bool const is_there = value != nullptr && !value->is_null();
    has_any = has_any || is_there;
    if (is_there && is_of_table_) {
      if (reason = flaw_of_key_part(*value, field.text()); !reason.empty()) return false;
    }
    if (is_there) append_canonical(text, *value);
    text += '\n';
  }
  if (!has_any) {
    reason = "none of the fields whose content makes the row's key is there";
    return false;
  }
  if (filter_) {
    std::string kept;
    filter_->dump(row, volatile_fields_, kept);
    auto const parsed = parse_json(kept);
    if (parsed) {
      append_canonical(text, *parsed);
    } else {
      text = std::move(kept);
    }
  }
  key = hash_content(text).to_hex();
  return true;
}

}  // namespace affsync::engine
