// A connector file, parsed once into typed parts. Plain data: what each part means is decided by
// the unit that runs it (paging, window, mapping, classify, auth).
//
// There is no code in a manifest: `${credentials.NAME}`, `${settings.NAME}` and `${token}` are
// substituted in texts, everything else is a closed set of typed parts.
#pragma once

#include <chrono>
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
#include "connectors/engine/manifest/auth_spec.hpp"

namespace affsync::engine {

struct CredentialSpec {
  std::string name;
  std::string description;
  bool secret = true;     // false: may be shown, such as a login name
  bool optional = false;  // may be left out, or be given although the chosen login does not use it
};

struct SettingSpec {
  std::string name;
  std::string description;
  std::string default_value;
  bool required = false;  // there is no default: the user has to give it
};

// What an answer means; the engine owns what is done about each.
enum class AnswerClass {
  ok,
  throttled,
  transient,
  auth_expired,
  auth_invalid,
  permission,
  not_found,
  bad_request,
  window_too_large,
  clock_skew,
  empty,  // an error status that means "no rows"
};
std::string_view to_string(AnswerClass answer_class);

// The first rule whose every given condition holds decides.
struct ErrorRule {
  std::vector<int> status;                   // any of these; empty: any
  std::optional<JsonPath> json;              // a value in the body …
  std::vector<std::string> json_equals;      // … whose scalar text is one of these,
  std::vector<std::string> json_not_equals;  // … which is there and none of these,
                                             // … or, without either, that holds anything
  std::string body_contains;                 // without case
  std::optional<bool> login;                 // only for the login's own answer, or only for others
  AnswerClass answer_class = AnswerClass::bad_request;
  std::optional<std::chrono::seconds> wait;  // throttled: at least this long
};

// What an answer with a good status must hold to be a good one, such as an envelope's code of
// success.
struct GoodSpec {
  JsonPath json;
  std::vector<std::string> equals;      // one of these
  std::vector<std::string> not_equals;  // there, and none of these; without either: holds anything
  AnswerClass otherwise = AnswerClass::bad_request;
};

enum class ResetUnit { seconds, milliseconds, epoch_seconds, epoch_milliseconds };

struct RateSpec {
  double requests_per_second = 5;      // where to start; the limiter learns from there
  double max_requests_per_second = 0;  // never faster than this; 0: learned alone
  double burst = 5;
  int concurrency = 2;
  std::string remaining_header;  // empty: the broker sends none
  std::string reset_header;
  ResetUnit reset_unit = ResetUnit::seconds;
  std::string wait_text;               // a number after this text in the body is seconds to wait
  std::chrono::seconds wait_cap{900};  // no wait is longer
};

// How one page leads to the next:
//  none    a single answer
//  offset  by the count of rows before it
//  page    by its number
//  cursor  by a text that the answer before it gives
//  link    by an address that the answer before it gives
//  id      by the id of the last row before it
enum class PageType { none, offset, page, cursor, link, id };

struct PageSpec {
  PageType type = PageType::none;
  std::string limit_parameter = "limit";  // empty: the size is the broker's
  std::string parameter = "offset";       // of the offset, number, cursor or id
  int size = 100;                         // rows asked for
  int max_size = 1000;                    // page_size of the configuration is refused above this
  int overlap = 1;                        // offset: rows that consecutive pages share
  int first_page = 1;                     // page: number of the first
  std::optional<JsonPath> total;          // the broker's count of the whole filtered list
  std::optional<JsonPath> total_pages;    // where it only counts pages
  std::optional<JsonPath> more;           // true, or anything but null: another page follows
  std::optional<JsonPath> next;           // cursor, link: where the next one's is in the answer
  bool follow_path = false;               // link: only its path and query, under the base URL
  std::optional<JsonPath> id;             // id: where a row has it
  bool until_known = false;  // newest first: an incremental pass ends at a page without news
};

// A list that has to be asked for in parts, each with parameters of its own, one after another.
struct PartSpec {
  NamedTexts query;
  bool until_known = false;  // as of a page
};

// How the days of a window are written.
enum class WindowForm { day, datetime, epoch_seconds, epoch_milliseconds };

// Both days are inclusive.
struct WindowSpec {
  std::string from_parameter;
  std::string to_parameter;
  WindowForm form = WindowForm::day;
  bool to_exclusive = false;  // the broker's upper end does not belong to the window
  std::string zone = "UTC";   // whose days they are; may be ${settings.timezone}
  int span_days = 31;         // of one slice
  int max_span_days = 31;     // after slices without rows
  Day start{};                // the first day of a first load
  int lookback_days = 7;      // re-read by every pass
  std::string column;         // the mapped date column that the window filters on;
                              // empty: unknown, then no row is ever marked vanished
  // The parameters ask for what was changed in these days, not for what happened in them: a full
  // pass sends neither and reads the whole list, the others read one slice of news.
  bool changes = false;
  // `empty` answers only what ends within so many days of today: an older slice without an answer
  // is in doubt. nullopt: it answers any.
  std::optional<int> may_be_empty_days;
};

// Rows made of the members of an object: {"EUR": "0.92"} becomes {"currency": "EUR", "rate": …}.
struct ExpandSpec {
  std::vector<std::string> names;  // the member's name at each level, outermost first
  std::string value;               // the field that the innermost member becomes
  std::vector<JsonPath> only;      // these members alone; empty: all
  NamedTexts keep;                 // field -> path in the answer, the same for every row
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
  earliest,  // of a time that may be told as an interval ("3 weeks ago"): its ends
  latest
};

// Whose words dates may be written in, beside `formats`.
enum class Locale { none, russian };

// An epoch time counts only where it agrees with a text of the same row.
struct WithinSpec {
  std::vector<JsonPath> from;
  Locale locale = Locale::none;
  std::string zone = "UTC";  // may be ${settings.NAME}
  std::chrono::seconds slack{3600};
};

struct PresentWord {
  JsonPath path;
  std::string word;  // ours
};

struct ColumnMapping {
  std::string column;
  std::vector<JsonPath> from;           // the first that is present and not null; empty: constant
  std::optional<std::string> constant;  // may hold ${settings.NAME}
  ValueType type = ValueType::text;
  std::vector<std::string> null_if;  // texts that mean null; "" always does
  std::vector<std::string> formats;  // date, datetime: strptime forms, or "iso"
  std::string zone = "UTC";          // of a datetime without one
  Locale locale = Locale::none;
  bool epoch_milliseconds = false;
  std::optional<WithinSpec> within;  // epoch: null where the texts disagree
  int shift = 0;                     // decimal: the point moves right by this many digits
  bool invert = false;               // decimal: then 1 / it, to 18 significant digits
  std::optional<int> scale;          // decimal: rounded to this many digits
  bool scale_of_currency = false;    // decimal: rounded to the minor unit of the row's currency
  std::vector<PresentWord> present;  // instead of `from`: the first that is there gives its word
  std::optional<JsonPath> only_if;   // null where this is missing, null or empty
  std::vector<std::string> only_if_words;  // … or none of these (small letters); empty: any will do
  std::map<std::string, std::string>
      table;                             // enumeration: broker's word (ASCII lower case) -> ours
  std::optional<std::string> otherwise;  // enumeration: for any other word; none: quarantine.
                                         // present: where none of them is there
  std::string take_before;               // text: only what stands before this ("-" of a UUID)
  std::string strip_prefix;              // text
  bool lower_case = false;               // text: ASCII letters become small, last of all steps
  bool required = false;                 // missing or null: quarantine
  std::optional<std::chrono::seconds> ahead;  // times: how far in the future one may lie
  bool personal = false;                      // privacy applies
};

// Only rows in which the value at `path` is one of these words.
struct WhereSpec {
  JsonPath path;
  std::vector<std::string> words;
  bool holds(Json const& row) const;
};

// A value of the row, or a text that is the same for all of its mapping.
struct KeyPart {
  JsonPath path;
  std::optional<std::string> constant;
  KeyPart() = default;
  explicit KeyPart(std::string_view path_text) : path(path_text) {}
  friend bool operator==(KeyPart const& left, KeyPart const& right) {
    return left.constant == right.constant && left.path.text() == right.path.text();
  }
};

struct TableMapping {
  RecordTable const* table = nullptr;
  std::optional<WhereSpec> where;
  std::vector<KeyPart> key;  // joined by ':' to the external id; every part required
  std::vector<ColumnMapping> columns;
};

struct ReconcileSpec {
  std::string metric;           // "rows", "amount_usd"
  std::string column;           // sum of this column; empty: count of rows
  JsonPath broker_value;        // in the answer of a slice's last page
  std::string tolerance = "0";  // decimal; absolute
};

// Who outside of this project has shown what the rows of a stream look like.
enum class Evidence { vendor, third_party, none };
std::string_view to_string(Evidence evidence);

struct EvidenceSpec {
  Evidence by = Evidence::none;
  std::string note;  // where, and what it does not show
};

// Of a broker that shows its whole history, however old it is.
inline constexpr int keeps_forever = 100'000;

struct StreamSpec {
  std::string name;
  std::string title;
  std::optional<EvidenceSpec> evidence;  // nullopt: the file does not say
  bool enabled = true;
  bool in_reports = true;  // false: the same money as another stream, which reports add up
  // Whether commission rows ever become paid; unset: as the words of their status tell.
  std::optional<bool> has_paid_state;
  std::string every;              // default schedule, as the configuration writes it
  std::string full_every;         // a pass over the whole history; empty: never by itself
  std::optional<int> keeps_days;  // what is older the broker no longer shows; unset: unknown
  RequestSpec request;
  PageSpec page;
  std::vector<PartSpec> parts;  // empty: one request for all
  std::optional<WindowSpec> window;
  std::vector<JsonPath> records;  // the first that is an array (or an object: one row)
  bool empty_if_null = false;     // null, or an empty object, instead of the list means no rows
  std::optional<ExpandSpec> expand;
  TableMapping map;
  // What decides which columns a row becomes, as the file writes it and without its layout: rows
  // that were stored under another text have to be read again.
  std::string mapping_text;
  std::vector<TableMapping> also;     // further tables filled from the same row
  std::vector<std::string> personal;  // paths in a raw row that privacy applies to, beside those
                                      // that personal columns are read from
  std::vector<std::string> volatile_fields;  // paths in a raw row that change at each reading
  bool raw_mapped_only = false;        // unless people's data is kept, `raw` has only the fields
                                       // that are mapped,
  std::vector<std::string> raw_allow;  // and these paths
  std::vector<GoodSpec> good;          // every one must hold
  std::vector<ReconcileSpec> reconcile;
  std::string path_hint;           // what to ask the broker for when the path is unknown
  std::vector<std::string> needs;  // credentials that the source must have given
  std::string needs_hint;          // what to do without them

  // A pass need not read everything: it has windows, or ends at what is known.
  bool has_increments() const;
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
  std::string file;  // where it came from, for messages
  std::string hash;  // of its text

  StreamSpec const* find_stream(std::string_view stream_name) const;
};

// The paging or the window sets this query parameter, so that nobody else may.
bool is_paging_parameter(PageSpec const& page, std::string_view name);
bool is_window_parameter(StreamSpec const& stream, std::string_view name);

// Parses a connector file. Every mistake (unknown key with the nearest known one, wrong type,
// unknown column or table, a key that is missing) is config_invalid with `file:line:column`.
Result<Manifest> parse_manifest(std::string_view yaml, std::string const& file);

// The connectors compiled into the binary, parsed; a mistake in one of them is a defect of ours
// and a test fails.
Result<std::vector<Manifest>> builtin_manifests();

}  // namespace affsync::engine
