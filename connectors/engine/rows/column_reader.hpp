// One column of a table mapping, compiled: where its value is in a row and how it is converted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/engine/rows/field_path.hpp"
#include "connectors/engine/rows/privacy_filter.hpp"
#include "connectors/engine/values/is_present.hpp"
#include "connectors/engine/values/spoken/time_text_reader.hpp"
#include "connectors/engine/values/times.hpp"
#include "connectors/engine/values/words.hpp"

namespace affsync::engine {

// What the conversion of a value may need beside its own field.
struct RowContext {
  TimePoint now{};            // time of the answer by the broker's clock
  TimePoint latest_now{};     // the later of the broker's clock and ours; one of them may be wrong
  std::string_view currency;  // of the row; empty: unknown
  std::string cents_of;       // the broker's currency, if it counts cents of `currency`
  // Set by ColumnReader::read() if spell_plainly() may find something in the row.
  bool may_spell_oddly = false;
};

class ColumnReader {
 public:
  // Throws Failure config_invalid for a column that the table does not have, and for an unknown
  // zone.
  ColumnReader(ColumnMapping const& mapping, RecordTable const& table,
               PrivacyFilter const& privacy);

  std::size_t index() const { return index_; }  // of the column in its table
  std::string const& name() const { return mapping_.column; }
  std::vector<FieldPath> const& from() const { return from_; }
  bool needs_currency() const {
    return mapping_.scale_of_currency || mapping_.minor_units_of_currency ||
           !mapping_.cents.empty();
  }
  // Adds every path of a row that this column reads.
  void add_paths(std::vector<std::string>& paths) const;

  // Writes the value to `out` as PostgreSQL's input text; null if the row has none. Returns the
  // reason if the row must be quarantined.
  std::optional<std::string> read(Json const& row, RowContext& context,
                                  std::optional<std::string>& out) const;

  // Adds the numeric values whose spelling has needless zeros, with the shortest spelling: 5 for
  // "5.00".
  void spell_plainly(Json const& row, ValueTexts& out) const;

  // Returns the path that `read` uses or fails at; nullptr if it finds none.
  FieldPath const* chosen(Json const& row) const;

 private:
  // Target of the conversion. It depends on the mapping's type and the column's type, so that every
  // result fits the column whatever the connector says.
  enum class Form {
    text,
    integer,
    boolean,
    decimal,
    percent,
    day,
    day_of_instant,
    instant,
    midnight,
    earliest,
    latest,
    epoch_day,
    epoch_instant,
    currency
  };
  static Form form_of(ValueType type, ColumnType column);

  // Converts the text. Returns the problem, in words that follow the text in a message; empty on
  // success. `is_number`: the text is that of a JSON number.
  std::string convert(std::string_view text, bool is_number, Json const& row,
                      RowContext const& context, std::string& out) const;
  std::string convert_as(Form form, std::string_view text, bool is_number, Json const& row,
                         RowContext const& context, std::string& out) const;
  std::string_view convert_number(Form form, std::string_view text, bool is_number, Json const& row,
                                  RowContext const& context, std::string& out) const;
  std::string_view convert_decimal(Form form, std::string_view text, bool is_number, int shift,
                                   RowContext const& context, std::string& out) const;
  std::string_view read_shift(RowContext const& context, int& shift) const;
  bool is_negative(Json const& row) const;  // by `negative_if`
  std::string convert_time(Form form, std::string_view text, RowContext const& context,
                           std::string& out) const;
  std::string convert_epoch(Form form, std::string_view text, Json const& row,
                            RowContext const& context, std::string& out) const;
  std::string out_of_range(TimePoint earliest, TimePoint latest, RowContext const& context,
                           bool relative = false) const;
  bool reads_times() const;
  void set_range(RecordTable const& table);
  bool agrees_with_text(TimePoint instant, Json const& row, RowContext const& context) const;
  bool is_wanted(Json const& row) const;  // by `only_if`
  std::optional<std::string> put_constant(std::string const& constant, Json const& row,
                                          RowContext const& context,
                                          std::optional<std::string>& out) const;
  // The same where no field has a value: the constant for that, null, or a reason. `zero_date`: a
  // field whose text means that there is no date; may be null.
  std::optional<std::string> put_nothing(Json const& row, RowContext const& context,
                                         FieldPath const* zero_date,
                                         std::optional<std::string>& out) const;
  std::string complain(FieldPath const& path, std::string_view text,
                       std::string_view problem) const;

  ColumnMapping mapping_;
  std::size_t index_ = 0;
  ColumnType column_type_;
  Form form_;
  std::vector<FieldPath> from_;
  std::vector<FieldPath> present_;      // as mapping_.present
  std::vector<FieldPath> only_if_;      // none or one
  std::vector<FieldPath> negative_if_;  // none or one
  std::vector<FieldPath> within_;
  TextRules text_rules_;
  WordTable words_;
  TimeTextReader times_;
  TimeTextReader within_times_;
  PrivacyFilter const* privacy_;      // owned by the row's mapper
  bool personal_ = false;             // the column is personal and privacy is not `keep`
  bool spells_numbers_ = false;       // it is numeric and not personal
  bool takes_texts_ = false;          // a text is stored as it is, without blanks around it
  bool takes_plain_numbers_ = false;  // a plain number is stored as it is
  // read() looks at each value that spell_plainly() looks at.
  bool reads_all_numbers_ = false;
  bool is_currency_ = false;      // the column holds a currency code, in capitals
  TimePoint first_{};             // earlier times are rejected
  std::chrono::seconds ahead_{};  // so are times that are further than this after the answer
};

}  // namespace affsync::engine
