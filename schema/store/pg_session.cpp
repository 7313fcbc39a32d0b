#include "schema/store/pg_session.hpp"

#include <libpq-fe.h>

#include <pqxx/field>
#include <pqxx/nontransaction>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <mutex>
#include <sstream>
#include <thread>

#include "base/redact.hpp"
#include "base/text.hpp"
#include "schema/store/conninfo.hpp"
#include "schema/store/pg_error.hpp"
#include "schema/store/pooler.hpp"
#include "schema/store/pqxx_versions.hpp"
#include "schema/store/refused_connection.hpp"
#include "schema/store/server_clock.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

void add_keyword(std::string& out, std::string_view keyword, std::string_view value) {
  if (!out.empty()) out += ' ';
  out.append(keyword).append("=").append(conninfo_value(value));
}

struct FreeConninfo {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Conninfo = std::unique_ptr<PQconninfoOption, FreeConninfo>;

Conninfo parse_url(std::string const& url) {
  char* complaint = nullptr;
  Conninfo parsed(PQconninfoParse(url.c_str(), &complaint));
  if (complaint) PQfreemem(complaint);  // do not use it: it quotes the text with the password
  if (!parsed) {
    throw Failure(ErrorCode::config_invalid,
                  "database.url is neither a PostgreSQL URL nor a keyword string",
                  "Write it like postgresql://user@host:5432/affsync or host=… dbname=affsync.");
  }
  return parsed;
}

// Returns the value that the URL has for a keyword.
std::optional<Secret> value_of(std::string const& url, std::string_view keyword) {
  auto const parsed = parse_url(url);
  for (auto const* option = parsed.get(); option->keyword; ++option) {
    if (option->val && option->keyword == keyword) return Secret(option->val);
  }
  return std::nullopt;
}

// Returns `options` of the URL; without it, $PGOPTIONS, as libpq does.
std::string user_options(std::string const& url) {
  if (auto const options = value_of(url, "options")) return options->reveal();
  auto const* environment = std::getenv("PGOPTIONS");
  return environment ? environment : "";
}

// Returns the names of the settings in "-c name=value --other-name=value".
std::set<std::string> settings_in(std::string const& options) {
  std::set<std::string> names;
  std::istringstream words(options);
  bool after_c = false;
  for (std::string word; words >> word;) {
    if (!std::exchange(after_c, word == "-c")) {
      if (!word.starts_with("-c") && !word.starts_with("--")) continue;
      word.erase(0, 2);
    } else if (word == "-c") {
      continue;
    }
    auto name = word.substr(0, word.find('='));
    for (auto& c : name) c = c == '-' ? '_' : to_lower(c);
    if (!name.empty()) names.insert(name);
  }
  return names;
}

std::vector<char const*> texts_of(SqlParams const& params) {
  std::vector<char const*> texts;
  texts.reserve(params.size());
  for (auto const& param : params) texts.push_back(param ? param->c_str() : nullptr);
  return texts;
}

}  // namespace

bool limits_statements(StoreOptions const& options) {
  return options.statement_timeout.count() > 0 &&
         !settings_in(user_options(options.url)).contains("statement_timeout");
}

std::string session_settings(StoreOptions const& options, bool local) {
  constexpr std::string_view isolation = "default_transaction_isolation";
  auto const milliseconds = std::to_string(options.statement_timeout.count());
  // Between the statements of a transaction affsync waits for nothing. A program that has stopped
  // there keeps the rows of its stream no longer than its lease. Zero, for a migration: no limit.
  auto const idle = std::min(options.statement_timeout, options.lease_time);
  // Commits need not wait for the disk: a server crash loses only whole transactions, with rows and
  // checkpoint together, and stream_state.writes reveals it. The start and end of a run do wait.
  std::pair<std::string_view, std::string> const settings[] = {
      {"statement_timeout", milliseconds},
      {"lock_timeout", "30000"},
      {"idle_in_transaction_session_timeout", std::to_string(idle.count())},
      {"synchronous_commit", "off"},
      {"timezone", "'UTC'"},
      {"datestyle", "'ISO, MDY'"},
      {"intervalstyle", "'postgres'"},
      {"extra_float_digits", "1"},
      {"bytea_output", "'hex'"},
      {"standard_conforming_strings", "on"},
      {"array_nulls", "on"},
      {isolation, "'read committed'"},
      {"jit", "off"},
      {"client_min_messages", "notice"},
      {"search_path", "pg_catalog"},
  };
  auto const given = settings_in(user_options(options.url));
  std::string text;
  for (auto const& [name, value] : settings) {
    // A transaction begins with its isolation level.
    if (given.contains(std::string(name)) || (local && name == isolation)) continue;
    text += (local ? "SET LOCAL " : "SET ") + std::string(name) + " = " + value + "; ";
  }
  return text;
}

Secret connection_string(StoreOptions const& options) {
  auto parsed = parse_url(options.url);
  std::string text;
  std::set<std::string_view> given;
  for (auto* option = parsed.get(); option->keyword; ++option) {
    if (!option->val) continue;
    std::string_view const keyword = option->keyword;
    given.insert(keyword);
    add_keyword(text, keyword, option->val);
  }
  auto const seconds = std::chrono::ceil<std::chrono::seconds>(options.connect_timeout).count();
  std::pair<std::string_view, std::string> const defaults[] = {
      {"connect_timeout", std::to_string(seconds)},
      {"application_name", "affsync"},
      {"client_encoding", "UTF8"},
      {"keepalives_idle", "30"},
      {"keepalives_interval", "10"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "60000"},
  };
  for (auto const& [keyword, value] : defaults) {
    if (!given.contains(keyword)) add_keyword(text, keyword, value);
  }
  return Secret(std::move(text));
}

struct PgSession::Notices {
  explicit Notices(pqxx::connection& connection)
      : listener(connection, [this](char const* message) noexcept {
          try {
            if (lines.size() < 100) lines.emplace_back(one_line(message));
          } catch (...) {  // out of memory: drop the notice
          }
        }) {}
  std::vector<std::string> lines;
  NoticeListener listener;
};

namespace {

// Names the setting that is at fault in an error of connecting to the replica for reports.
void name_replica(Error& error) {
  auto const replace = [](std::string& text, std::string_view old, std::string_view by) {
    auto const at = text.find(old);
    if (at != std::string::npos) text.replace(at, old.size(), by);
  };
  replace(error.message, "no connection to PostgreSQL",
          "no connection to the replica (database.read_url)");
  replace(error.hint, "; `database.url: embedded` needs none", "");
  replace(error.hint, "database.url", "database.read_url");
}

}  // namespace

PgSession::PgSession(StoreOptions const& options, OnOpen const& on_open)
    : server_clock_(options.clock) {
  using std::chrono::steady_clock;
  constexpr auto moment = std::chrono::milliseconds(3000);
  constexpr auto pause = std::chrono::milliseconds(50);
  auto const begin = steady_clock::now();
  auto const text = connection_string(options);
  for (;;) {
    PgProblem problem;
    bool passes = false;
    try {
      open(text, options, on_open);
      return;
    } catch (Failure const& failure) {
      problem.error = failure.error();
    } catch (pqxx::broken_connection const& error) {
      auto refusal = explain_refusal(text.reveal(), error.what());
      problem.error = std::move(refusal.error);
      problem.recovery = Recovery::reconnect;
      passes = refusal.passes;
    } catch (std::exception const&) {
      problem = current_problem();
      problem.error.code = ErrorCode::database_unavailable;
    }
    notices_.reset();
    connection_.reset();
    // A server that is being replaced may take a connection and drop it before its first answer, so
    // setting up the session is tried again as well.
    auto const patience = std::max(options.patience, passes ? moment : pause * 0);
    bool const lost = problem.recovery == Recovery::reconnect;
    if (!lost || steady_clock::now() - begin + pause > patience) {
      problem.error.message = redact(std::move(problem.error.message),
                                     value_of(options.url, "password").value_or(Secret()));
      if (!options.read_url.empty() && options.url == options.read_url) {
        name_replica(problem.error);
      }
      throw Failure(std::move(problem.error));
    }
    // There is no event to wait for, so poll.
    std::this_thread::sleep_for(pause);
  }
}

void PgSession::open(Secret const& text, StoreOptions const& options, OnOpen const& on_open) {
  connection_ = std::make_unique<pqxx::connection>(text.reveal());
  if (on_open) on_open(*connection_);
  never_reconnect(*connection_);
  tell_constraints(*connection_);
  notices_ = std::make_unique<Notices>(*connection_);
  {
    pqxx::nontransaction tx(*connection_);
    // A pooler makes up the number that it gives its client.
    auto const asked = ServerClock::elapsed();
    auto const answer = tx.exec("SELECT pg_backend_pid(), " + epoch_sql("clock_timestamp()"));
    if (server_clock_) server_clock_->note(time_of(answer[0][1]).value(), asked);
    pooled_ = answer[0][0].as<int>() != connection_->backendpid();
    begin_ = "BEGIN ISOLATION LEVEL READ COMMITTED";
    if (!pooled_) {
      tx.exec(session_settings(options));
      return;
    }
    begin_ += "; " + session_settings(options, true);
  }
  static std::mutex mutex;
  static std::set<std::string> passed;
  std::lock_guard const lock(mutex);
  if (passed.contains(options.url)) return;
  Transaction(*this).commit();  // a pooler by statement refuses it
  demand_second_connection(text, options);
  passed.insert(options.url);
}

PgSession::~PgSession() {
  notices_.reset();
}

bool PgSession::is_open() const {
  return connection_ && connection_->is_open();
}

bool PgSession::is_read_only() const {
  if (!is_open()) return false;
  auto const says_on = [&](char const* name) {
    auto const* value = PQparameterStatus(raw_connection(*connection_), name);
    return value != nullptr && std::string_view(value) == "on";
  };
  return says_on("in_hot_standby") || says_on("default_transaction_read_only");
}

void PgSession::act_as(std::string const& role) {
  if (pooled_) {
    begin_ += "; SET LOCAL ROLE " + quote_name(role);
    return;
  }
  pqxx::nontransaction(*connection_).exec("SET ROLE " + quote_name(role));
}

std::vector<std::string> PgSession::take_notices() {
  return std::exchange(notices_->lines, std::vector<std::string>());
}

pqxx::result exec(pqxx::transaction_base& tx, std::string const& sql, SqlParams const& params) {
  return exec_with_texts(tx, sql, texts_of(params));
}

std::optional<std::string> text_of(pqxx::field const& field) {
  if (field.is_null()) return std::nullopt;
  return std::string(field.c_str(), field.size());
}

std::int64_t int_of(pqxx::field const& field) {
  return field.is_null() ? 0 : field.as<std::int64_t>();
}

std::optional<TimePoint> time_of(pqxx::field const& field) {
  if (field.is_null()) return std::nullopt;
  return TimePoint(Duration(field.as<std::int64_t>()));
}

std::string epoch_sql(std::string_view expression) {
  return "(extract(epoch from " + std::string(expression) + ") * 1000000)::bigint";
}

std::optional<std::string> sql_time(std::optional<TimePoint> time) {
  if (!time) return std::nullopt;
  return format_time(*time);
}

std::optional<std::string> sql_day(std::optional<Day> day) {
  if (!day) return std::nullopt;
  return format_day(*day);
}

void ArrayText::add(char const* text) {
  if (text) {
    add(std::string_view(text));
    return;
  }
  if (text_.size() > 1) text_ += ',';
  text_ += "NULL";
}

void ArrayText::add(std::string_view text) {
  if (text_.size() > 1) text_ += ',';
  text_ += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
}

std::string ArrayText::take() {
  text_ += '}';
  return std::exchange(text_, "{");
}

std::string quote_name(std::string_view name) {
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace affsync::schema
