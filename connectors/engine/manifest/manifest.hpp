// A connector file, parsed once into typed parts. Plain data: the unit that runs a part decides
// what it means (paging, window, mapping, classify, auth).
// A manifest has no code. `${credentials.NAME}`, `${settings.NAME}` and `${token}` are substituted
// in texts; everything else is a closed set of typed parts.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "base/json.hpp"
#include "base/tables.hpp"
#include "base/yaml/key_watcher.hpp"
#include "connectors/engine/document/document_spec.hpp"
#include "connectors/engine/manifest/auth_spec.hpp"
#include "connectors/engine/manifest/error_spec.hpp"
#include "connectors/engine/manifest/page_spec.hpp"
#include "connectors/engine/manifest/records_spec.hpp"
#include "connectors/engine/manifest/report_spec.hpp"
#include "connectors/engine/values/localized_numbers.hpp"

namespace affsync::engine {

struct CredentialSpec {
  std::string name;
  std::string description;
  bool secret = true;     // false: may be shown, such as a login name
  bool optional = false;  // may be missing, or given although the chosen login does not use it
};

struct SettingSpec {
  std::string name;
  std::string description;
  std::string default_value;
  bool required = false;  // no default: the user must set it
};

enum class ResetUnit { seconds, milliseconds, epoch_seconds, epoch_milliseconds };

// Headers that announce what is left of a quota, and when it is renewed.
struct QuotaHeaders {
  std::string remaining;
  std::string reset;
};

struct RateSpec {
  double requests_per_second = 5;      // initial rate; the limiter adapts it
  double max_requests_per_second = 0;  // upper bound; 0: only what the limiter learns
  double burst = 5;
  std::optional<int> concurrency;  // of requests; see usable_concurrency()
  std::string remaining_header;    // empty: the broker sends none
  std::string reset_header;
  std::vector<QuotaHeaders> further_quotas;  // beside these two
  std::vector<RateLimit> limits;             // each holds, whatever the limiter learns
  ResetUnit reset_unit = ResetUnit::seconds;
  std::string wait_text;               // the number after this text in the body is seconds to wait
  std::chrono::seconds wait_cap{900};  // upper bound of any wait

  // Returns how many requests may be under way at once. Unless it is set, as many as the rate sends
  // in a second, so that the rate is the limit even if an answer takes that long; but at least two
  // and at most eight.
  int usable_concurrency() const {
    return concurrency.value_or(
        static_cast<int>(std::clamp(std::ceil(requests_per_second), 2., 8.)));
  }
};

// A list that must be requested in parts, one after another, each with its own parameters.
struct PartSpec {
  NamedTexts query;
  bool until_known = false;  // see PageSpec
};

// A list is requested once for each of several values, such as the clients of another stream.
struct ForEachSpec {
  std::string parameter;            // empty: the value is only in the path, as ${item}
  bool in_body = false;             // the parameter is a member of the body
  std::vector<std::string> values;  // may have ${settings.…}, which are lists themselves
  bool are_whole = false;           // no value is a list, whatever it contains
  std::string stream;               // instead of values: the stored rows of this stream,
  std::string table;                // in this table,
  std::string column;               // and this column of them
  int batch = 1;                    // values of one request, joined with commas
  int most = 1000;                  // values of one pass
};

// How the days of a window are written.
enum class WindowForm { day, month, datetime, epoch_seconds, epoch_milliseconds };

// The days that one request covers. Both days are inclusive.
struct WindowSpec {
  std::string from_parameter;
  std::string to_parameter;  // empty: one parameter says which day or month
  WindowForm form = WindowForm::day;
  bool in_body = false;           // the parameters are members of the body
  std::string format;             // strptime fields; empty: as the form is usually written
  bool to_exclusive = false;      // the broker excludes its upper bound
  std::string zone = "UTC";       // of the days; may be ${settings.timezone}
  int span_days = 31;             // length of one slice
  int max_span_days = 31;         // length that slices may grow to after slices without rows
  Day start{};                    // first day of the initial load
  std::optional<int> start_days;  // instead of `start`: it is always this many days ago
  bool until_now = false;         // times: a request ends no later than when the pass began
  int lag_days = 0;               // the broker has a day's data only so many days later
  int lookback_days = 7;          // days that every pass reads again
  // The mapped date column that the window filters on; empty: unknown, then no row is ever marked
  // vanished.
  std::string column;
  // The parameters select what was changed in these days, not what happened in them. A full pass
  // omits both and reads the whole list; an incremental pass reads one slice of changes.
  bool changes = false;
  // An `empty` answer is trusted only for a slice that ends at most this many days ago; an older
  // slice with it is in doubt. nullopt: it is always trusted.
  std::optional<int> may_be_empty_days;
  // Rows are about the whole window and keep its day: windows must not overlap.
  bool day_is_kept = false;

  // The values are instants, not days or months.
  bool has_times() const { return form != WindowForm::day && form != WindowForm::month; }
  // A slice is a calendar month.
  bool by_month() const { return form == WindowForm::month; }
};

enum class ValueType {
  text,
  integer,
  boolean,
  decimal,
  percent,
  date,
  datetime,
  epoch,
  currency,
  enumeration,
  earliest,  // of a time that may be an interval ("3 weeks ago"): its two ends
  latest
};

// Language of the words that dates may have, beside `formats`.
enum class Locale { none, russian };

// An epoch time is accepted only if it agrees with a time text of the same row.
struct WithinSpec {
  std::vector<JsonPath> from;
  Locale locale = Locale::none;
  std::string zone = "UTC";  // may be ${settings.NAME}
  std::chrono::seconds slack{3600};
};

struct PresentWord {
  JsonPath path;
  std::string word;  // our word
};

struct ColumnMapping {
  std::string column;
  std::vector<JsonPath> from;           // the first that is present and not null; empty: constant
  std::optional<std::string> constant;  // may have ${settings.NAME}
  ValueType type = ValueType::text;
  std::vector<std::string> null_if;  // texts that mean null, beside ""
  std::vector<std::string> formats;  // date, datetime: strptime formats, or "iso"
  std::string zone = "UTC";          // of a datetime without a zone
  Locale locale = Locale::none;
  bool epoch_milliseconds = false;
  std::optional<WithinSpec> within;  // epoch: null if it disagrees with the texts
  int shift = 0;                     // decimal: moves the point right by this many digits
  bool invert = false;               // decimal: 1 / value after the shift, to 18 significant digits
  std::optional<int> scale;          // decimal: round to this many digits
  bool scale_of_currency = false;    // decimal: round to the minor unit of the row's currency
  std::optional<NumberFormat> number_format;  // numbers in texts; unset: as JSON has them
  std::optional<int> minor_units;             // decimal: the value counts 10^-n of the currency
  bool minor_units_of_currency = false;       // the same, n as ISO 4217 says
  std::map<std::string, int, std::less<>> other_minor_units;  // but for these currencies
  // decimal: the value counts cents if the broker's currency is one of these, see cents_of.
  std::vector<std::string> cents;
  std::map<std::string, std::string> cents_of;  // currency: USC -> USD
  std::optional<JsonPath> negative_if;          // decimal: negative if the value there is
  std::vector<std::string> negative_if_words;   // one of these (lower case)
  // Instead of `from`: the first path that is present decides the word.
  std::vector<PresentWord> present;
  std::optional<JsonPath> only_if;  // null if this is missing, null or empty
  // Null also if the value is none of these (lower case); empty: any value will do.
  std::vector<std::string> only_if_words;
  std::map<std::string, std::string> table;  // enumeration: broker's word (lower case) -> ours
  std::optional<std::string> for_nothing;    // enumeration: if there is no value; unset: null
  // enumeration: for any other word, unset: quarantine. `present`: if no path is present.
  std::optional<std::string> otherwise;
  std::string take_before;   // text: keep only what is before this ("-" of a UUID)
  std::string strip_prefix;  // text: remove this prefix
  bool lower_case = false;   // text: convert ASCII letters to lower case, as the last step
  bool required = false;     // missing or null: quarantine
  bool optional = false;     // the header of a table may lack it
  std::optional<std::chrono::seconds> ahead;  // times: how far in the future a value may be
  bool personal = false;                      // personal data: the privacy setting applies
};

// Selects rows in which the value at `path` is one of these words, with `none_of` none of them; or,
// with `not_zero`, is there and not a number that is zero, such as "0.00".
struct WhereSpec {
  JsonPath path;
  std::vector<std::string> words;
  bool not_zero = false, none_of = false;
  bool holds(Json const& row) const;
};

// A value of the row, or a constant for all rows of its mapping.
struct KeyPart {
  JsonPath path;
  std::optional<std::string> constant;
  KeyPart() = default;
  explicit KeyPart(std::string_view path_text) : path(path_text) {}
  friend bool operator==(KeyPart const& left, KeyPart const& right) {
    return left.constant == right.constant && left.path.text() == right.path.text();
  }
};

// A key made of a row's content, for rows without an id. Equal rows of one window are numbered.
struct HashKey {
  std::vector<JsonPath> fields;  // empty: everything that `raw` keeps
};

struct TableMapping {
  RecordTable const* table = nullptr;
  std::optional<WhereSpec> where;
  std::vector<KeyPart> key;     // joined with ':' to the external id; every part is required
  std::optional<HashKey> hash;  // instead of `key`
  std::vector<ColumnMapping> columns;
};

struct ReconcileSpec {
  std::string metric;                         // "rows", "amount_usd"
  std::string column;                         // sum of this column; empty: number of rows
  JsonPath broker_value;                      // in the answer of a slice's last page
  std::string tolerance = "0";                // decimal; absolute
  std::optional<NumberFormat> number_format;  // that of the column: its line of sums has it too
};

// Who outside of this project documents what the rows of a stream look like.
enum class Evidence { vendor, third_party, none };
std::string_view to_string(Evidence evidence);

struct EvidenceSpec {
  Evidence by = Evidence::none;
  std::string note;  // where, and what it does not document
};

// `keeps_days` of a broker that never drops old rows.
inline constexpr int keeps_forever = 100'000;

struct StreamSpec {
  std::string name;
  std::string place;  // in the connector file, for messages: "mybroker.yaml:12:3"; empty: unknown
  std::string title;
  std::optional<EvidenceSpec> evidence;  // nullopt: the file does not say
  bool enabled = true;
  bool in_reports = true;  // false: the same money as in another stream that reports sum up
  // Whether commission rows ever become paid; unset: derived from the words of their status.
  std::optional<bool> has_paid_state;
  std::string every;       // default schedule, in the configuration's syntax
  std::string full_every;  // schedule of passes over the whole history; empty: never automatically
  std::optional<int> keeps_days;  // the broker drops rows that are older; unset: unknown
  RequestSpec request;
  PageSpec page;
  std::vector<PartSpec> parts;  // empty: one list
  std::optional<ForEachSpec> for_each;
  std::optional<WindowSpec> window;
  std::optional<ReportSpec> report;
  DocumentSpec document;          // what its answers are, if not JSON
  std::vector<JsonPath> records;  // the first that is an array (or an object: one row)
  bool empty_if_null = false;     // null or an empty object instead of the list means no rows
  std::optional<ExpandSpec> expand;
  std::vector<std::string> unwrap;  // an element is an object with one of these members: the row
  std::optional<CellsSpec> cells;
  std::vector<EachSpec> each;   // lists inside the rows, the outermost first
  std::vector<KeptField> keep;  // added to each row
  TableMapping map;
  // `mode: replace_window`: stored rows of a window's days that a good slice does not bring are
  // deleted at once.
  bool replaces_window = false;
  // Text of what decides how a row is mapped, what makes its keys, which rows are taken, and how a
  // window cuts the days that rows keep. Rows that were stored with another must be read again.
  std::string mapping_text, key_text, where_text, cut_text;
  std::vector<TableMapping> also;  // further tables filled from the same row
  // Paths of personal data in a raw row, beside those that personal columns are read from.
  std::vector<std::string> personal;
  std::vector<std::string> volatile_fields;  // paths in a raw row that change with each reading
  // Unless personal data is kept, `raw` has only the mapped fields and the paths in `raw_allow`.
  bool raw_mapped_only = false;
  std::vector<std::string> raw_allow;
  std::vector<GoodSpec> good;  // all of them must hold
  // Paths of an answer about which `good` and the rules under `errors` say which values are fine.
  std::vector<JsonPath> judged;
  std::vector<ReconcileSpec> reconcile;
  int cost = 1;                    // of a request, in the limits of the rate
  std::string path_hint;           // what to ask the broker for if the path is unknown
  std::vector<std::string> needs;  // credentials that the source must have
  std::string needs_hint;          // what to do without them

  // Returns true if a pass need not read everything: the stream has windows, or ends at known rows.
  bool has_increments() const;
  // Returns true if a slice that was interrupted is read from its start, because its rows are
  // counted or compared as a whole.
  bool restarts_slices() const { return map.hash || replaces_window; }
};

struct Manifest {
  std::string name;
  std::string title;
  std::string documentation;
  std::string base_url;
  std::vector<CredentialSpec> credentials;
  std::vector<SettingSpec> settings;
  std::vector<AuthOption> auth;  // the first whose credentials are all given is used
  RateSpec rate;
  std::vector<ErrorRule> errors;
  std::vector<StreamSpec> streams;
  std::string file;  // origin, for messages
  std::string hash;  // of its text
  // Set if the file is invalid: then nothing but the name and the file is known, and what uses the
  // connector fails with this.
  std::optional<Error> flaw;

  StreamSpec const* find_stream(std::string_view stream_name) const;
};

// Returns true if the window sets this query parameter; nothing else may set it then.
bool is_window_parameter(StreamSpec const& stream, std::string_view name);
// Returns the same for the parameter of `for_each`.
bool is_item_parameter(StreamSpec const& stream, std::string_view name);

// Parses a connector file. Every mistake (an unknown key, reported with the nearest known one; a
// wrong type; an unknown column or table; a missing key) is config_invalid with `file:line:column`.
Result<Manifest> parse_manifest(std::string_view yaml, std::string const& file,
                                yaml::KeyWatcher const& watcher = {});

// Returns the connectors compiled into the binary, parsed. A mistake in one of them is a defect of
// affsync; a test checks that there is none.
Result<std::vector<Manifest>> builtin_manifests();
// Returns one of them; nullopt if none is named so.
std::optional<Result<Manifest>> builtin_manifest(std::string_view name);

}  // namespace affsync::engine
