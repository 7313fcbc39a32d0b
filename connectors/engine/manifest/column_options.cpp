// Parses the options of an entry of `map`: how a value of each type is converted.
#include <algorithm>

#include "base/case_fold.hpp"
#include "connectors/engine/manifest/column.hpp"
#include "connectors/engine/manifest/keys.hpp"
#include "connectors/engine/values/format_pairs.hpp"
#include "connectors/engine/values/time_format.hpp"

namespace affsync::engine::grammar {
namespace {

constexpr std::pair<std::string_view, bool> epoch_units[] = {
    {"seconds", false},
    {"milliseconds", true},
};

constexpr std::pair<std::string_view, Locale> locales[] = {
    {"ru", Locale::russian},
};

constexpr Range<int> shifts{-30, 30};
constexpr Range<int> scales{0, 50};
constexpr Range<int> minor_digits{1, 18}, minor_digits_of_currency{0, 18};

constexpr Key within_table[] = {
    {"from", form::paths, "the text of the same time, or alternatives", "", true},
    {"locale", [] { return form::words(locales); }, "language of its words"},
    {"zone", form::text, "time zone of the text", R"("UTC")"},
    {"slack", form::duration, "how far the two may differ", R"("1h")"},
};

Json locale_form() {
  std::vector<std::string_view> words{number_locales.begin(), number_locales.end()};
  return form::of_words(words);
}

constexpr Key column_table[] = {
    {"from", form::paths, "where the value is in a row; of a list the first that is present"},
    {"const", form::scalar, "instead of `from`: always this value"},
    {"present", [] { return form::one_or_more(form::single(form::scalar())); },
     "instead of `from`: the first field that is present decides the word"},
    {"as", form::value_type, "the type of value, if it is not the column's default"},
    {"required", form::flag, "a row without it is quarantined", "false"},
    {"optional", form::flag, "the header of a CSV or a workbook may lack it", "false"},
    {"null_if", form::scalars, "texts that mean that there is no value"},
    {"only_if", form::condition, "no value unless this field has one, or one of these words"},
    {"personal", form::flag, "the privacy setting applies", "false"},
    {"take_before", form::text, "text: only the part before this text"},
    {"strip_prefix", form::text, "text: without this text in front"},
    {"lower_case", form::flag, "text: in lower case", "false"},
    {"shift", [] { return form::integer(shifts); },
     "decimal, percent: moves the point to the right, 6 for millions", "0"},
    {"invert", form::flag, "decimal: 1 divided by the value", "false"},
    {"scale", form::scale, "decimal, percent: rounds to so many places, or as the currency does"},
    {"formats", form::texts, "date, datetime: iso or strptime fields"},
    {"zone", form::text,
     "date, datetime: time zone of a text without an offset; epoch in a column of days: of the day",
     R"("UTC")"},
    {"locale", locale_form,
     "date, datetime: language of the words; decimal, percent, int: how numbers are written"},
    {"decimal_comma", form::flag, "decimal, percent: the decimal mark is a comma", "false"},
    {"grouping", form::text,
     "decimal, percent, int: the character between groups of three digits; a blank is any blank"},
    {"minor_units",
     [] {
       return form::any_of({form::flag(), form::integer(minor_digits),
                            form::map_of(form::integer(minor_digits_of_currency), 1)});
     },
     "decimal: the value counts cents or the like: of the row's currency, of it but for these, or "
     "so many digits",
     "false"},
    {"cents", [] { return form::any_of({form::texts(), form::scalars_by_name()}); },
     "decimal: currencies of accounts that count cents; currency: these with what they are cents "
     "of"},
    {"negative_if", form::words_at_path,
     "decimal: the amount is negative if the field there has one of these words"},
    {"unit", [] { return form::words(epoch_units); }, "epoch", R"("seconds")"},
    {"ahead", form::duration, "how far after the answer a time may be"},
    {"within", [] { return form::object(within_keys); },
     "epoch: the time must agree with a text of the row"},
    {"table", form::scalars_by_name,
     "enum: the broker's words and ours; null without quotes: a row without a value"},
    {"default", form::scalar, "enum: for any other word, but not for a row without a value"},
};

void read_enumeration(yaml::Node const& node, ColumnEntry const& entry, ColumnMapping& out) {
  auto& table = out.table;
  for (auto const& [key, value] : node.entries()) {
    auto ours = value.text();
    if (entry.column.type == ColumnType::boolean && ours != "true" && ours != "false") {
      value.fail(entry.name() + " is true or false");
    }
    check_word(value, ours, entry);
    if (key.is_null()) {
      out.for_nothing = std::move(ours);
      continue;
    }
    if (!table.emplace(fold_case(key.text()), std::move(ours)).second) {
      key.fail(yaml::quoted(key.text()) + " occurs twice, because case is ignored");
    }
  }
  if (table.empty() && !out.for_nothing) node.fail("the table of words is empty");
}

std::string in_marks(std::string const& format) {
  return '\'' + format + '\'';
}

// The first format that reads a text counts, so that one of the two days would be stored for both.
void check_pair(yaml::Node const& node, std::string const& both, std::string const& first,
                std::string const& second) {
  auto const found = read_as_two_days(first, second);
  if (!found) return;
  node.fail(both + " read " + yaml::quoted(found->text) + " as two days, " +
                format_day(found->first) + " and " + format_day(found->second) +
                ", so nobody knows which one is meant",
            "Keep the one in which the broker writes its days; for two fields that are written "
            "differently, map each by itself.");
}

std::vector<std::string> read_formats(yaml::Node const& node) {
  std::vector<std::string> formats;
  for (auto const& item : one_or_more(node)) {
    formats.push_back(item.text());
    if (formats.back() != "iso" && formats.back().find('%') == std::string::npos) {
      item.fail(yaml::quoted(formats.back()) + " is not a date format",
                "Use iso, or strptime directives such as %d.%m.%Y %H:%M:%S.");
    }
    if (auto const flaw = flaw_of_format(formats.back()); !flaw.empty()) item.fail(flaw);
    for (std::size_t i = 0; i + 1 < formats.size(); ++i) {
      check_pair(item, "the formats " + in_marks(formats[i]) + " and " + in_marks(formats.back()),
                 formats[i], formats.back());
    }
  }
  return formats;
}

// Words of a language come with days of its own form, which are tried before the formats.
void check_beside_locale(yaml::Node const& node, std::vector<std::string> const& formats) {
  for (auto const& format : formats) {
    for (auto const* own : {"%d.%m.%Y", "%d.%m.%Y %H:%M"}) {
      check_pair(node, "`locale: ru` and the format " + in_marks(format), own, format);
    }
  }
}

Locale read_locale(yaml::Node const& node) {
  return read_word<Locale>(node, locales, "a language for dates");
}

// Reads what an epoch time must agree with.
WithinSpec read_within(yaml::Node const& node, Declared const& declared) {
  ObjectMap map(node, within_keys);
  WithinSpec within;
  within.from = read_paths(map.require("from"));
  if (auto const locale = map.find("locale")) within.locale = read_locale(*locale);
  if (auto const zone = map.find("zone")) within.zone = read_zone(*zone, declared);
  if (auto const slack = map.find("slack")) {
    within.slack = read_duration(*slack, std::chrono::seconds(0), std::chrono::hours(24 * 366));
  }
  map.finish();
  return within;
}

}  // namespace

Object const within_keys{"`within`", "within", within_table};
Object const column_keys{"the mapping of", "column", column_table};

namespace form {

Json scale() {
  return any_of({integer(scales), of_words({"currency"})});
}

Json condition() {
  return any_of({path(), single(scalars())});
}

}  // namespace form

void read_column_options(ObjectMap& map, ColumnMapping& out, ColumnEntry const& entry) {
  auto const option = [&](char const* key, std::initializer_list<ValueType> types) {
    auto node = map.find(key);
    if (node && std::ranges::find(types, out.type) == types.end()) {
      std::string words;
      for (auto const type : types)
        words += (words.empty() ? "" : " or ") + std::string(word_of(type));
      node->fail("`" + std::string(key) + "` is only allowed with " + words +
                 ", but this value is " + std::string(word_of(out.type)));
    }
    return node;
  };
  using enum ValueType;
  if (auto const node = option("take_before", {text})) {
    out.take_before = node->text();
    if (out.take_before.empty()) node->fail("`take_before` must not be empty");
  }
  if (auto const node = option("strip_prefix", {text})) out.strip_prefix = node->text();
  if (auto const node = option("lower_case", {text})) out.lower_case = node->as_bool();
  if (auto const node = option("invert", {decimal})) out.invert = node->as_bool();
  if (auto const node = option("shift", {decimal, percent})) {
    out.shift = read_integer(*node, shifts);
  }
  if (auto const node = option("scale", {decimal, percent})) {
    out.scale_of_currency = node->is_scalar() && node->text() == "currency";
    if (!out.scale_of_currency) out.scale = read_integer(*node, scales);
  }
  if (auto const node = option("formats", {date, datetime, earliest, latest})) {
    out.formats = read_formats(*node);
  }
  if (auto const node = option("zone", {date, datetime, earliest, latest, epoch})) {
    if (out.type == epoch && entry.column.type != ColumnType::date) {
      node->fail("the number of an epoch is the same instant in every zone",
                 "Remove `zone`; only a column of days needs it.");
    }
    out.zone = read_zone(*node, entry.declared);
  }
  bool const is_number = out.type == decimal || out.type == percent || out.type == integer;
  if (!is_number) {
    if (auto const node = option("locale", {date, datetime, earliest, latest})) {
      out.locale = read_locale(*node);
      if (out.locale == Locale::russian) check_beside_locale(*node, out.formats);
    }
  }
  read_number_options(map, out, entry);
  if (auto const node = option("ahead", {date, datetime, earliest, latest, epoch})) {
    out.ahead = read_duration(*node, std::chrono::seconds(0), std::chrono::hours(24 * 36600));
  }
  bool const is_end = out.type == earliest || out.type == latest;
  if (is_end && out.locale == Locale::none) {
    map.node().fail(
        std::string(word_of(out.type)) + " needs `locale`: only times in words can be intervals",
        "For instance `locale: ru`.");
  }
  if (auto const node = option("unit", {epoch})) {
    out.epoch_milliseconds = read_word<bool>(*node, epoch_units, "a unit of epoch times");
  }
  if (auto const node = option("within", {epoch})) {
    out.within = read_within(*node, entry.declared);
  }
  if (auto const node = option("table", {enumeration})) read_enumeration(*node, entry, out);
  if (auto const node = option("default", {enumeration})) {
    out.otherwise = node->text();
    bool const is_boolean = entry.column.type == ColumnType::boolean;
    if (is_boolean && out.otherwise != "true" && out.otherwise != "false") {
      node->fail(yaml::quoted(*out.otherwise) + " is neither true nor false");
    }
    check_word(*node, *out.otherwise, entry);
  }
}

}  // namespace affsync::engine::grammar
