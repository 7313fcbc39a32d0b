#include "connectors/engine/column_reader.hpp"

#include <algorithm>

#include "base/decimal.hpp"
#include "connectors/engine/manifest_words.hpp"
#include "connectors/engine/values/minor_units.hpp"
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
        case earliest:
          return Form::earliest;
        case latest:
          return Form::latest;
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
      return type == epoch      ? Form::epoch_instant
             : type == earliest ? Form::earliest
             : type == latest   ? Form::latest
                                : Form::instant;
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
      times_(mapping.locale == Locale::russian, mapping.formats, mapping.zone),
      privacy_(&privacy) {
  for (auto const& path : mapping.from) from_.emplace_back(path);
  for (auto const& [path, word] : mapping.present) present_.emplace_back(path);
  if (mapping.only_if) only_if_.emplace_back(*mapping.only_if);
  if (mapping.within) {
    for (auto const& path : mapping.within->from) within_.emplace_back(path);
    within_times_ =
        SpokenReader(mapping.within->locale == Locale::russian, {}, mapping.within->zone);
  }
  if (privacy.privacy() == Privacy::keep) return;
  personal_ = mapping.personal;
  for (auto const& path : mapping.from) personal_ = personal_ || privacy.covers(path.text());
}

void ColumnReader::add_paths(std::vector<std::string>& paths) const {
  for (auto const* some : {&from_, &present_, &only_if_, &within_}) {
    for (auto const& path : *some) paths.push_back(path.text());
  }
}

std::string_view ColumnReader::convert(std::string_view text, Json const& row,
                                       RowContext const& context, std::string& out) const {
  if (mapping_.type != ValueType::enumeration) return convert_as(form_, text, row, context, out);
  if (column_type_ == ColumnType::text) return words_.read(text, out);
  std::string word;
  if (auto const problem = words_.read(text, word); !problem.empty()) return problem;
  return convert_as(form_, word, row, context, out);
}

std::string_view ColumnReader::convert_as(Form form, std::string_view text, Json const& row,
                                          RowContext const& context, std::string& out) const {
  switch (form) {
    case Form::text:
      read_text(text, text_rules_, out);
      return {};
    case Form::integer:
      return read_integer(text, out);
    case Form::boolean:
      return read_boolean(text, out);
    case Form::currency:
      return read_currency(text, out);
    case Form::decimal:
    case Form::percent:
      return convert_number(form, text, context, out);
    case Form::day:
    case Form::day_of_instant:
    case Form::instant:
    case Form::earliest:
    case Form::latest:
      return convert_time(form, text, context, out);
    case Form::epoch_day:
    case Form::epoch_instant:
      return convert_epoch(form, text, row, context, out);
  }
  return "cannot be read";
}

std::string_view ColumnReader::convert_number(Form form, std::string_view text,
                                              RowContext const& context, std::string& out) const {
  auto const read = form == Form::percent ? &read_percent
                    : mapping_.invert     ? &read_inverse
                                          : &read_decimal;
  if (!mapping_.scale_of_currency) return read(text, mapping_.shift, mapping_.scale, out);
  auto const problem = read(text, mapping_.shift, std::nullopt, out);
  if (!problem.empty()) return problem;
  // An amount that is finer than the currency's smallest coin stays so; only noise goes.
  auto const before = out;
  out = round_float_noise(before, minor_unit_digits(context.currency));
  if (out == before) out = round_float_noise(before, digits_of_unknown_currency);
  return {};
}

std::string_view ColumnReader::convert_time(Form form, std::string_view text,
                                            RowContext const& context, std::string& out) const {
  if (form == Form::day || form == Form::day_of_instant) {
    bool relative = false;
    auto const day = times_.read_day(text, context.now, form == Form::day_of_instant, relative);
    if (relative) return {};  // is no day: null
    if (!day) return "is not a day of a form that the connector knows";
    append_day(out, *day);
    return {};
  }
  auto const found = times_.read(text, context.now);
  if (!found) return "is not a time of a form that the connector knows";
  if (form == Form::instant && !found->exact) return {};  // is no instant: null
  append_time(out, form == Form::latest ? found->latest : found->earliest);
  return {};
}

std::string_view ColumnReader::convert_epoch(Form form, std::string_view text, Json const& row,
                                             RowContext const& context, std::string& out) const {
  TimePoint instant{};
  auto const problem = read_epoch(text, mapping_.epoch_milliseconds, instant);
  if (mapping_.within) {
    // The number is a guess then, and one that does not hold is no fault of the row.
    if (!problem.empty() || !agrees_with_text(instant, row, context)) return {};
  } else if (!problem.empty()) {
    return problem;
  }
  if (form == Form::epoch_instant) {
    append_time(out, instant);
  } else {
    append_day(out, times_.zone().day_of(instant));
  }
  return {};
}

bool ColumnReader::agrees_with_text(TimePoint instant, Json const& row,
                                    RowContext const& context) const {
  for (auto const& path : within_) {
    auto const* value = path.in(row);
    if (!is_present(value, mapping_.null_if)) continue;
    auto const text = value->scalar_text();
    auto const told = text ? within_times_.read(trim_blanks(*text), context.now) : std::nullopt;
    if (!told) return false;
    auto const slack = mapping_.within->slack;
    return instant >= told->earliest - slack && instant <= told->latest + told->grain + slack;
  }
  return false;
}

std::string ColumnReader::complain(FieldPath const& path, std::string_view text,
                                   std::string_view problem) const {
  std::string reason = mapping_.column + ": ";
  // What is personal is not told in a reason either.
  reason += personal_ ? "the value" : quote_for_reason(text);
  reason += " in the field \"" + path.text() + "\" ";
  return reason.append(problem);
}

bool ColumnReader::is_wanted(Json const& row) const {
  auto const* value = only_if_.front().in(row);
  if (!is_present(value, mapping_.null_if)) return false;
  auto const& words = mapping_.only_if_words;
  if (words.empty()) return true;
  auto const text = value->scalar_text();
  return text && std::ranges::find(words, to_lower(trim_blanks(*text))) != words.end();
}

FieldPath const* ColumnReader::chosen(Json const& row) const {
  for (auto const& path : present_) {
    if (is_present(path.in(row), mapping_.null_if)) return &path;
  }
  for (auto const& path : from_) {
    Json const* value = path.in(row);
    if (value == nullptr || value->is_null()) continue;
    auto const text = value->scalar_text();
    if (!text || !means_nothing(trim_blanks(*text), mapping_.null_if)) return &path;
  }
  return nullptr;
}

std::optional<std::string> ColumnReader::put_constant(std::string const& constant, Json const& row,
                                                      RowContext const& context,
                                                      std::optional<std::string>& out) const {
  // A constant is one of ours already, not a word of the broker's.
  out.emplace();
  auto const form = column_type_ == ColumnType::text ? Form::text : form_;
  auto const problem = convert_as(form, constant, row, context, *out);
  if (problem.empty()) return std::nullopt;
  out.reset();
  return mapping_.column + ": the constant " + quote_for_reason(constant) + " " +
         std::string(problem);
}

std::optional<std::string> ColumnReader::read(Json const& row, RowContext const& context,
                                              std::optional<std::string>& out) const {
  out.reset();
  if (!only_if_.empty() && !is_wanted(row)) return std::nullopt;
  for (std::size_t i = 0; i < present_.size(); ++i) {
    if (is_present(present_[i].in(row), mapping_.null_if)) {
      return put_constant(mapping_.present[i].word, row, context, out);
    }
  }
  if (!present_.empty() && mapping_.otherwise) {
    return put_constant(*mapping_.otherwise, row, context, out);
  }
  for (auto const& path : from_) {
    Json const* value = path.in(row);
    if (value == nullptr || value->is_null()) continue;
    auto const whole = value->scalar_text();
    if (!whole) {
      return mapping_.column + ": the field \"" + path.text() + "\" is " + kind_in_words(*value) +
             ", not a single value";
    }
    auto const text = trim_blanks(*whole);
    if (means_nothing(text, mapping_.null_if)) continue;
    if (personal_) {
      if (privacy_->privacy() == Privacy::hash && column_type_ == ColumnType::text) {
        out = privacy_->hash(*whole);
      }
      return std::nullopt;
    }
    out.emplace();
    if (auto const problem = convert(text, row, context, *out); !problem.empty()) {
      out.reset();
      return complain(path, text, problem);
    }
    if (!out->empty()) return std::nullopt;
    out.reset();
  }
  if (mapping_.constant && !mapping_.constant->empty()) {
    return put_constant(*mapping_.constant, row, context, out);
  }
  if (!mapping_.required) return std::nullopt;
  std::string reason = mapping_.column + ": there is no value";
  auto const& tried = present_.empty() ? from_ : present_;
  for (auto const& path : tried) {
    reason += (&path == &tried.front() ? " in the field \"" : ", \"") + path.text() + "\"";
  }
  return reason;
}

}  // namespace affsync::engine
