#include "connectors/engine/rows/column_reader.hpp"

#include <algorithm>

#include "base/case_fold.hpp"
#include "base/decimal.hpp"
#include "base/text.hpp"
#include "connectors/engine/manifest/words.hpp"
#include "connectors/engine/values/cell_error.hpp"
#include "connectors/engine/values/in_words.hpp"
#include "connectors/engine/values/no_dates.hpp"
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
             : type == date     ? Form::midnight
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
  is_currency_ = column_type_ == ColumnType::text &&
                 (mapping.column == "currency" || mapping.type == ValueType::currency);
  set_range(table);
  for (auto const& path : mapping.from) from_.emplace_back(path);
  for (auto const& [path, word] : mapping.present) present_.emplace_back(path);
  if (mapping.only_if) only_if_.emplace_back(*mapping.only_if);
  if (mapping.negative_if) negative_if_.emplace_back(*mapping.negative_if);
  if (mapping.within) {
    for (auto const& path : mapping.within->from) within_.emplace_back(path);
    within_times_ =
        TimeTextReader(mapping.within->locale == Locale::russian, {}, mapping.within->zone);
  }
  if (privacy.privacy() != Privacy::keep) {
    personal_ = mapping.personal;
    for (auto const& path : mapping.from) personal_ = personal_ || privacy.covers(path.text());
  }
  bool const is_numeric = column_type_ == ColumnType::numeric || column_type_ == ColumnType::bigint;
  spells_numbers_ = is_numeric && !personal_ && !mapping.number_format;
  takes_texts_ = form_ == Form::text && mapping.type != ValueType::enumeration && !is_currency_ &&
                 mapping.strip_prefix.empty() && mapping.take_before.empty() && !mapping.lower_case;
  takes_plain_numbers_ = form_ == Form::decimal && mapping.type != ValueType::enumeration &&
                         mapping.shift == 0 && !mapping.scale && !mapping.invert &&
                         !mapping.scale_of_currency && !mapping.number_format &&
                         !mapping.minor_units && !mapping.minor_units_of_currency &&
                         mapping.cents.empty() && !mapping.negative_if;
  reads_all_numbers_ = from_.size() <= 1 && only_if_.empty() && present_.empty();
}

void ColumnReader::add_paths(std::vector<std::string>& paths) const {
  for (auto const* some : {&from_, &present_, &only_if_, &negative_if_, &within_}) {
    for (auto const& path : *some) paths.push_back(path.text());
  }
}

std::string ColumnReader::convert(std::string_view text, bool is_number, Json const& row,
                                  RowContext const& context, std::string& out) const {
  if (mapping_.type != ValueType::enumeration) {
    return convert_as(form_, text, is_number, row, context, out);
  }
  std::string word;
  if (auto const problem = words_.read(text, word); !problem.empty()) return std::string(problem);
  if (column_type_ != ColumnType::text) return convert_as(form_, word, false, row, context, out);
  if (is_currency_) make_upper(word, 0);
  out += word;
  return {};
}

std::string ColumnReader::convert_as(Form form, std::string_view text, bool is_number,
                                     Json const& row, RowContext const& context,
                                     std::string& out) const {
  switch (form) {
    case Form::text: {
      auto const start = out.size();
      read_text(text, text_rules_, out);
      if (is_currency_) make_upper(out, start);
      return {};
    }
    case Form::boolean:
      return std::string(read_boolean(text, out));
    case Form::currency:
      return std::string(read_currency(text, out));
    case Form::integer:
    case Form::decimal:
    case Form::percent:
      return std::string(convert_number(form, text, is_number, row, context, out));
    case Form::day:
    case Form::day_of_instant:
    case Form::instant:
    case Form::midnight:
    case Form::earliest:
    case Form::latest:
      return convert_time(form, text, context, out);
    case Form::epoch_day:
    case Form::epoch_instant:
      return convert_epoch(form, text, row, context, out);
  }
  return "cannot be read";
}

std::string ColumnReader::complain(FieldPath const& path, std::string_view text,
                                   std::string_view problem) const {
  std::string reason = mapping_.column + ": ";
  // Personal values are not quoted in a reason either.
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
  if (!text) return false;
  auto const found = trim_blanks(*text);
  return std::ranges::any_of(words, [&](auto const& word) { return equal_folded(word, found); });
}

FieldPath const* ColumnReader::chosen(Json const& row) const {
  for (auto const& path : present_) {
    if (is_present(path.in(row), mapping_.null_if)) return &path;
  }
  for (auto const& path : from_) {
    Json const* value = path.in(row);
    if (value == nullptr || value->is_null()) continue;
    auto const whole = value->scalar_text();
    if (!whole) {
      if (is_present(value, {})) return &path;
      continue;
    }
    auto const text = trim_blanks(*whole);
    if (!means_nothing(text, mapping_.null_if) && !(reads_times() && means_no_date(text))) {
      return &path;
    }
  }
  return nullptr;
}

std::optional<std::string> ColumnReader::put_constant(std::string const& constant, Json const& row,
                                                      RowContext const& context,
                                                      std::optional<std::string>& out) const {
  // A constant is our own word, so it is not translated.
  out.emplace();
  if (column_type_ == ColumnType::text) {
    *out = constant;
    if (is_currency_) make_upper(*out, 0);
    return std::nullopt;
  }
  auto const problem = convert_as(form_, constant, false, row, context, *out);
  if (problem.empty()) return std::nullopt;
  out.reset();
  return mapping_.column + ": the constant " + quote_for_reason(constant) + " " + problem;
}

std::optional<std::string> ColumnReader::read(Json const& row, RowContext& context,
                                              std::optional<std::string>& out) const {
  out.reset();
  if (spells_numbers_ && !reads_all_numbers_) context.may_spell_oddly = true;
  if (!only_if_.empty() && !is_wanted(row)) return std::nullopt;
  for (std::size_t i = 0; i < present_.size(); ++i) {
    if (is_present(present_[i].in(row), mapping_.null_if)) {
      return put_constant(mapping_.present[i].word, row, context, out);
    }
  }
  if (!present_.empty() && mapping_.otherwise) {
    return put_constant(*mapping_.otherwise, row, context, out);
  }
  FieldPath const* zero_date = nullptr;
  for (auto const& path : from_) {
    Json const* value = path.in(row);
    if (value == nullptr || value->is_null()) continue;
    auto const whole = value->scalar_text();
    if (!whole) {
      if (!is_present(value, {})) continue;  // some brokers write "no value" like this
      if (auto const error = error_of_cell(*value); !error.empty()) {
        if (means_nothing(error, mapping_.null_if)) continue;
        return mapping_.column + ": the field \"" + path.text() + "\" " +
               cell_error_in_words(*value);
      }
      return mapping_.column + ": the field \"" + path.text() + "\" is " + kind_in_words(*value) +
             ", not a single value";
    }
    auto const text = trim_blanks(*whole);
    bool const is_plain = spells_numbers_ && is_spelt_plainly(text);
    if (spells_numbers_ && !is_plain) context.may_spell_oddly = true;
    if (means_nothing(text, mapping_.null_if)) continue;
    if (reads_times() && means_no_date(text)) {
      zero_date = &path;
      continue;
    }
    if (personal_) {
      if (privacy_->privacy() == Privacy::hash && column_type_ == ColumnType::text) {
        out = privacy_->hash(*whole);
      }
      return std::nullopt;
    }
    if (takes_texts_ || (is_plain && takes_plain_numbers_)) {
      out = text;
      return std::nullopt;
    }
    out.emplace();
    auto const problem = convert(text, value->is_number(), row, context, *out);
    if (!problem.empty()) {
      out.reset();
      return complain(path, text, problem);
    }
    auto const cents =
        mapping_.cents_of.empty() ? mapping_.cents_of.end() : mapping_.cents_of.find(*out);
    if (cents != mapping_.cents_of.end()) {
      context.cents_of = cents->first;
      *out = cents->second;
    }
    if (!out->empty()) return std::nullopt;
    out.reset();
  }
  return put_nothing(row, context, zero_date, out);
}

std::optional<std::string> ColumnReader::put_nothing(Json const& row, RowContext const& context,
                                                     FieldPath const* zero_date,
                                                     std::optional<std::string>& out) const {
  if (mapping_.constant && !mapping_.constant->empty()) {
    return put_constant(*mapping_.constant, row, context, out);
  }
  if (mapping_.for_nothing) return put_constant(*mapping_.for_nothing, row, context, out);
  if (!mapping_.required) return std::nullopt;
  if (zero_date != nullptr) {
    return complain(*zero_date, trim_blanks(*zero_date->in(row)->scalar_text()),
                    "means that there is no date");
  }
  std::string reason = mapping_.column + ": there is no value";
  auto const& tried = present_.empty() ? from_ : present_;
  for (auto const& path : tried) {
    reason += (&path == &tried.front() ? " in the field \"" : ", \"") + path.text() + "\"";
  }
  return reason;
}

}  // namespace affsync::engine
