#include "connectors/engine/column_reader.hpp"

#include <algorithm>

#include "connectors/engine/values/numbers.hpp"

namespace affsync::engine {
namespace {

std::size_t index_in(RecordTable const& table, std::string const& column) {
  auto const index = table.index_of(column);
  if (!index) {
    throw Failure(ErrorCode::config_invalid,
                  "the table " + std::string(table.name) + " has no column \"" + column + "\"");
  }
  return *index;
}

}  // namespace

char const* kind_in_words(Json const& value) {
  switch (value.kind()) {
    case Json::Kind::null:
      return "null";
    case Json::Kind::boolean:
      return "true or false";
    case Json::Kind::number:
      return "a number";
    case Json::Kind::string:
      return "a text";
    case Json::Kind::array:
      return "a list";
    case Json::Kind::object:
      return "an object";
  }
  return "nothing";
}

std::string quote_for_reason(std::string_view text) {
  constexpr std::size_t longest = 60;
  bool const cut = text.size() > longest;
  if (cut) {
    auto end = longest;
    // Never within a character of several bytes.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string out = "\"";
  for (char const c : text) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return out + (cut ? "…\"" : "\"");
}

ColumnReader::Form ColumnReader::form_of(ValueType type, ColumnType column) {
  using enum ValueType;
  switch (column) {
    case ColumnType::text:
      switch (type) {
        case text:
          return Form::text;
        case integer:
          return Form::integer;
        case boolean:
          return Form::boolean;
        case decimal:
          return Form::decimal;
        case percent:
          return Form::percent;
        case date:
          return Form::day;
        case datetime:
          return Form::instant;
        case epoch:
          return Form::epoch_instant;
        case currency:
          return Form::currency;
        case enumeration:
          return Form::text;
      }
      return Form::text;
    case ColumnType::numeric:
      return type == percent ? Form::percent : type == integer ? Form::integer : Form::decimal;
    case ColumnType::bigint:
      return Form::integer;
    case ColumnType::boolean:
      return Form::boolean;
    case ColumnType::date:
      return type == datetime ? Form::day_of_instant : type == epoch ? Form::epoch_day : Form::day;
    case ColumnType::timestamptz:
      return type == epoch ? Form::epoch_instant : Form::instant;
  }
  return Form::text;
}

ColumnReader::ColumnReader(ColumnMapping const& mapping, RecordTable const& table,
                           PrivacyFilter const& privacy)
    : mapping_(mapping),
      index_(index_in(table, mapping.column)),
      column_type_(table.columns[index_].type),
      form_(form_of(mapping.type, column_type_)),
      text_rules_{mapping.strip_prefix, mapping.take_before, mapping.lower_case},
      words_(mapping.table, mapping.otherwise),
      times_(mapping.formats, mapping.zone),
      privacy_(&privacy) {
  for (auto const& path : mapping.from) from_.emplace_back(path);
  if (privacy.privacy() == Privacy::keep) return;
  personal_ = mapping.personal;
  for (auto const& path : mapping.from) personal_ = personal_ || privacy.covers(path.text());
}

bool ColumnReader::means_null(std::string_view text) const {
  return text.empty() || std::ranges::find(mapping_.null_if, text) != mapping_.null_if.end();
}

std::string_view ColumnReader::convert(std::string_view text, std::string& out) const {
  if (mapping_.type != ValueType::enumeration) return convert_as(form_, text, out);
  if (column_type_ == ColumnType::text) return words_.read(text, out);
  std::string word;
  if (auto const problem = words_.read(text, word); !problem.empty()) return problem;
  return convert_as(form_, word, out);
}

std::string_view ColumnReader::convert_as(Form form, std::string_view text,
                                          std::string& out) const {
  TimePoint instant{};
  switch (form) {
    case Form::text:
      read_text(text, text_rules_, out);
      return {};
    case Form::integer:
      return read_integer(text, out);
    case Form::boolean:
      return read_boolean(text, out);
    case Form::decimal:
      return mapping_.invert ? read_inverse(text, mapping_.shift, mapping_.scale, out)
                             : read_decimal(text, mapping_.shift, mapping_.scale, out);
    case Form::percent:
      return read_percent(text, mapping_.shift, mapping_.scale, out);
    case Form::currency:
      return read_currency(text, out);
    case Form::day:
    case Form::day_of_instant: {
      auto const day = form == Form::day ? times_.read_day(text) : times_.read_day_of_instant(text);
      if (!day) return "is not a day of a form that the connector knows";
      append_day(out, *day);
      return {};
    }
    case Form::instant: {
      auto const found = times_.read_instant(text);
      if (!found) return "is not a time of a form that the connector knows";
      append_time(out, *found);
      return {};
    }
    case Form::epoch_day:
    case Form::epoch_instant: {
      auto const problem = read_epoch(text, mapping_.epoch_milliseconds, instant);
      if (!problem.empty()) return problem;
      if (form == Form::epoch_instant) {
        append_time(out, instant);
      } else {
        append_day(out, times_.zone().day_of(instant));
      }
      return {};
    }
  }
  return "cannot be read";
}

std::string ColumnReader::complain(FieldPath const& path, std::string_view text,
                                   std::string_view problem) const {
  std::string reason = mapping_.column + ": ";
  // What is personal is not told in a reason either.
  reason += personal_ ? "the value" : quote_for_reason(text);
  reason += " in the field \"" + path.text() + "\" ";
  return reason.append(problem);
}

FieldPath const* ColumnReader::chosen(Json const& row) const {
  for (auto const& path : from_) {
    Json const* value = path.in(row);
    if (value == nullptr || value->is_null()) continue;
    auto const text = value->scalar_text();
    if (!text || !means_null(trim_blanks(*text))) return &path;
  }
  return nullptr;
}

std::optional<std::string> ColumnReader::read(Json const& row,
                                              std::optional<std::string>& out) const {
  out.reset();
  for (auto const& path : from_) {
    Json const* value = path.in(row);
    if (value == nullptr || value->is_null()) continue;
    auto const whole = value->scalar_text();
    if (!whole) {
      return mapping_.column + ": the field \"" + path.text() + "\" is " + kind_in_words(*value) +
             ", not a single value";
    }
    auto const text = trim_blanks(*whole);
    if (means_null(text)) continue;
    if (personal_) {
      if (privacy_->privacy() == Privacy::hash && column_type_ == ColumnType::text) {
        out = privacy_->hash(*whole);
      }
      return std::nullopt;
    }
    out.emplace();
    if (auto const problem = convert(text, *out); !problem.empty()) {
      out.reset();
      return complain(path, text, problem);
    }
    if (!out->empty()) return std::nullopt;
    out.reset();
  }
  if (mapping_.constant && !mapping_.constant->empty()) {
    // A constant is one of ours already, not a word of the broker's.
    out.emplace();
    auto const form = column_type_ == ColumnType::text ? Form::text : form_;
    if (auto const problem = convert_as(form, *mapping_.constant, *out); !problem.empty()) {
      out.reset();
      return mapping_.column + ": the constant " + quote_for_reason(*mapping_.constant) + " " +
             std::string(problem);
    }
    return std::nullopt;
  }
  if (!mapping_.required) return std::nullopt;
  std::string reason = mapping_.column + ": there is no value";
  for (auto const& path : from_) {
    reason += (&path == &from_.front() ? " in the field \"" : ", \"") + path.text() + "\"";
  }
  return reason;
}

}  // namespace affsync::engine
