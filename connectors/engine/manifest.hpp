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

namespace affsync::engine {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

struct CredentialSpec {
  std::string name;
  std::string description;
  bool secret = true;  // false: may be shown, such as a login name
};

struct SettingSpec {
  std::string name;
  std::string description;
  std::string default_value;
  bool required = false;  // there is no default: the user has to give it
};

struct RequestSpec {
  Method method = Method::get;
  std::string path;  // with ${…}; empty: unknown until the user gives one
  NamedTexts query;  // in order
  NamedTexts headers;
  NamedTexts json;  // members of the JSON body, all strings (logins only)
};

struct NoAuth {};

struct StaticTokenAuth {
  std::string header = "Authorization";
  std::string value;  // "Bearer ${credentials.api_key}"
};

struct LoginTokenAuth {
  RequestSpec login;
  JsonPath token;            // in the login's answer
  std::string strip_prefix;  // taken off the token, any case: "JWT "
  std::string header = "Authorization";
  std::string value;                            // "JWT ${token}"
  bool lifetime_from_jwt = false;               // read `exp` of the token
  std::chrono::seconds assumed_lifetime{3600};  // where there is no `exp`
  std::chrono::seconds renew_before{300};
};

using AuthSpec = std::variant<NoAuth, StaticTokenAuth, LoginTokenAuth>;

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
  std::vector<int> status;               // any of these; empty: any
  std::optional<JsonPath> json;          // a value in the body …
  std::vector<std::string> json_equals;  // … whose scalar text is one of these (empty: present)
  std::string body_contains;             // without case
  std::optional<bool> login;             // only for the login's own answer, or only for others
  AnswerClass answer_class = AnswerClass::bad_request;
  std::optional<std::chrono::seconds> wait;  // throttled: at least this long
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

enum class PageType { none, offset };

struct PageSpec {
  PageType type = PageType::none;
  std::string limit_parameter = "limit";
  std::string offset_parameter = "offset";
  int size = 100;                 // rows asked for
  int max_size = 1000;            // page_size of the configuration is refused above this
  int overlap = 1;                // rows that consecutive pages share
  std::optional<JsonPath> total;  // the broker's count of the whole filtered list
};

// Both days are inclusive.
struct WindowSpec {
  std::string from_parameter;
  std::string to_parameter;
  std::string zone = "UTC";  // whose days they are; may be ${settings.timezone}
  int span_days = 31;        // of one slice
  Day start{};               // the first day of a first load
  int lookback_days = 7;     // re-read by every pass
  std::string column;        // the mapped date column that the window filters on;
                             // empty: unknown, then no row is ever marked vanished
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
  enumeration
};

struct ColumnMapping {
  std::string column;
  std::vector<JsonPath> from;           // the first that is present and not null; empty: constant
  std::optional<std::string> constant;  // may hold ${settings.NAME}
  ValueType type = ValueType::text;
  std::vector<std::string> null_if;  // texts that mean null; "" always does
  std::vector<std::string> formats;  // date, datetime: strptime forms, or "iso"
  std::string zone = "UTC";          // of a datetime without one
  bool epoch_milliseconds = false;
  int shift = 0;             // decimal: the point moves right by this many digits
  bool invert = false;       // decimal: then 1 / it, to 18 significant digits
  std::optional<int> scale;  // decimal: then rounded to this many digits
  std::map<std::string, std::string>
      table;                             // enumeration: broker's word (ASCII lower case) -> ours
  std::optional<std::string> otherwise;  // enumeration: for any other word; none: quarantine
  std::string take_before;               // text: only what stands before this ("-" of a UUID)
  std::string strip_prefix;              // text
  bool lower_case = false;               // text: ASCII letters become small, last of all steps
  bool required = false;                 // missing or null: quarantine
  bool personal = false;                 // privacy applies
};

struct TableMapping {
  RecordTable const* table = nullptr;
  std::vector<JsonPath> key;  // joined by ':' to the external id; every part required
  std::vector<ColumnMapping> columns;
};

struct ReconcileSpec {
  std::string metric;           // "rows", "amount_usd"
  std::string column;           // sum of this column; empty: count of rows
  JsonPath broker_value;        // in the answer of a slice's last page
  std::string tolerance = "0";  // decimal; absolute
};

struct StreamSpec {
  std::string name;
  std::string title;
  bool enabled = true;
  bool in_reports = true;  // false: the same money as another stream, which reports add up
  std::string every;       // default schedule, as the configuration writes it
  std::string full_every;  // a pass over the whole history; empty: never by itself
  RequestSpec request;
  PageSpec page;
  std::optional<WindowSpec> window;
  std::vector<JsonPath> records;  // the first that is an array (or an object: one row)
  TableMapping map;
  std::vector<TableMapping> also;     // further tables filled from the same row
  std::vector<std::string> personal;  // paths in a raw row that privacy applies to, beside those
                                      // that personal columns are read from
  std::vector<std::string> volatile_fields;  // top-level fields that change at each reading
  std::vector<ReconcileSpec> reconcile;
  std::string path_hint;  // what to ask the broker for when the path is unknown
};

struct Manifest {
  std::string name;
  std::string title;
  std::string documentation;
  std::string base_url;
  std::vector<CredentialSpec> credentials;
  std::vector<SettingSpec> settings;
  AuthSpec auth;
  RateSpec rate;
  std::vector<ErrorRule> errors;
  std::vector<StreamSpec> streams;
  std::string file;  // where it came from, for messages

  StreamSpec const* find_stream(std::string_view stream_name) const;
};

// Parses a connector file. Every mistake (unknown key with the nearest known one, wrong type,
// unknown column or table, a key that is missing) is config_invalid with `file:line:column`.
Result<Manifest> parse_manifest(std::string_view yaml, std::string const& file);

// The connectors compiled into the binary, parsed; a mistake in one of them is a defect of ours
// and a test fails.
Result<std::vector<Manifest>> builtin_manifests();

}  // namespace affsync::engine
