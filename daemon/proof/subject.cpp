#include "daemon/proof/subject.hpp"

#include <algorithm>
#include <set>

#include "base/decimal.hpp"
#include "connectors/engine/paging/window.hpp"
#include "connectors/engine/request/auth.hpp"
#include "daemon/net/http_client.hpp"
#include "daemon/source_plans.hpp"
#include "daemon/sync/stream_run.hpp"

namespace affsync::proof {
namespace {

using engine::StreamSpec;

std::set<std::string> columns_of_reading_time(StreamSpec const& spec) {
  std::set<std::string> columns;
  auto const note = [&](engine::TableMapping const& mapping) {
    for (auto const& column : mapping.columns) {
      bool const moves = column.type == engine::ValueType::earliest ||
                         column.type == engine::ValueType::latest || column.within ||
                         column.locale != engine::Locale::none;
      if (moves) columns.insert(column.column);
    }
    for (auto const& column : mapping.table->columns) {
      if (column.volatile_value) columns.insert(std::string(column.name));
    }
  };
  note(spec.map);
  for (auto const& also : spec.also) note(also);
  return columns;
}

std::string plain_number(std::string const& text) {
  auto out = parse_decimal(text).text;
  if (out.find('.') == std::string::npos) return out;
  while (out.ends_with('0')) out.pop_back();
  if (out.ends_with('.')) out.pop_back();
  return out == "-0" ? "0" : out;
}

std::string plain_time(std::string text) {
  std::replace(text.begin(), text.end(), ' ', 'T');
  if (text.ends_with("+00")) text.replace(text.size() - 3, 3, "Z");
  auto const point = text.find('.');
  if (point != std::string::npos && text.ends_with("Z")) {
    auto fraction = text.substr(point, text.size() - point - 1);
    while (fraction.ends_with('0')) fraction.pop_back();
    if (fraction == ".") fraction.clear();
    text = text.substr(0, point) + fraction + "Z";
  }
  return text;
}

std::string plain(ColumnType type, std::string const& text) {
  switch (type) {
    case ColumnType::numeric:
      return plain_number(text);
    case ColumnType::timestamptz:
      return plain_time(text);
    case ColumnType::boolean:
      return text.starts_with("t") ? "true" : "false";
    default:
      return text;
  }
}

std::vector<RecordTable const*> tables_of(StreamSpec const& spec) {
  std::vector<RecordTable const*> tables{spec.map.table};
  for (auto const& also : spec.also) {
    if (std::ranges::find(tables, also.table) == tables.end()) tables.push_back(also.table);
  }
  return tables;
}

// The first day that the pass reads: early enough for each row, but not the beginning of time.
void set_days(StreamSpec const& spec, Listing const& listing, TimePoint& now,
              StreamSettings& settings) {
  if (!spec.window || spec.window->changes) return;
  std::optional<Day> first, last;
  auto const note = [&](std::optional<Day> day) {
    if (!day) return;
    first = std::min(first.value_or(*day), *day);
    last = std::max(last.value_or(*day), *day);
  };
  // Slices begin where the sample's does: rows may take a day from the request.
  auto const days = listing.first().words("days");
  auto const begin = days.size() == 2 ? parse_day(days.front()) : std::nullopt;
  for (auto const& row : listing.rows()) note(row.day);
  if (!first) {
    for (auto const& word : days) note(parse_day(word));
  }
  if (!first) return;
  // Without a time of its own the sample is read on the last of its days.
  auto const end = days.size() == 2 ? parse_day(days.back()) : std::nullopt;
  if (end && !listing.first().has("read")) now = TimePoint(*end) + std::chrono::hours(12);
  if (engine::today_in(spec.window->zone, now) < *last)
    now = TimePoint(*last) + std::chrono::hours(12);
  auto const today = engine::today_in(spec.window->zone, now);
  settings.start = begin && *begin <= *first ? *begin : *first - std::chrono::days(1);
  if (spec.keeps_days && today - *first >= std::chrono::days(*spec.keeps_days)) {
    settings.keeps_days = static_cast<int>((today - *first).count()) + 3;
  }
}

}  // namespace

std::vector<ExpectedRow> comparable(std::vector<ExpectedRow> rows, StreamSpec const& spec) {
  auto const moving = columns_of_reading_time(spec);
  for (auto& row : rows) {
    auto const* table = find_record_table(row.table);
    if (table == nullptr) continue;
    for (auto it = row.columns.begin(); it != row.columns.end();) {
      auto const index = table->index_of(it->first);
      if (index) it->second = plain(table->columns[*index].type, it->second);
      bool const drop =
          moving.contains(it->first) || (!table->keeps_records() && it->first == "provider");
      it = drop ? row.columns.erase(it) : std::next(it);
    }
  }
  std::ranges::sort(rows);
  return rows;
}

Subject::Subject(Stage& stage, Listing const& listing, SubjectOptions options)
    : stage_(stage), stream_(options.stream) {
  auto secret = [&](std::string const& name) {
    auto value = "canary-" + name + "-" + options.password_suffix + "-0x7c";
    auto const& known = stage.manifest().credentials;
    auto const spec = std::ranges::find(known, name, &engine::CredentialSpec::name);
    if (spec != known.end() && spec->secret) stage.keep_secret(value);
    return value;
  };
  settings_ = std::make_unique<SourceSettings>(
      test_settings(stage.manifest(), stage.folder(), secret).value());
  auto now = read_time(listing.first()).value();
  settings_->name = "proof-" + std::to_string(stage.registered().size() + 1);
  // No request of a proof leaves this machine.
  auto const real = engine::make_source_plan(stage.manifest(), *settings_).value();
  auto const& login_url = engine::login_url_of(real.auth);
  if (!login_url.empty()) settings_->login_url = stage.login_address(login_url);
  settings_->base_url = stage.address(settings_->base_url);
  settings_->proxy = Secret("none");
  settings_->rate_limit.concurrency = 1;  // requests are counted, so they come one by one
  auto& stream = settings_->streams[stream_];
  stream.enabled = true;
  if (options.page_size > 0) stream.page_size = options.page_size;
  set_days(listing.plan().spec, listing, now, stream);
  stage.time().set(now);

  auto prepared = prepare_source(*settings_, {stage.manifest()}).value();
  auto registration = registration_of(prepared);
  stage.registered().push_back(settings_->name);
  std::vector<schema::SourceRegistration> registrations{registration};
  auto const registered =
      stage.run(stage.store().register_sources(std::move(registrations), stage.registered()));
  // The keys of the fixtures are hashed with the salt of the fixtures' source.
  engine::set_hash_salt(prepared.plan, listing.plan().hash_salt);
  plan_ = std::make_unique<engine::SourcePlan>(prepared.plan);
  broker_ =
      std::make_unique<Broker>(*plan_, stage.folder(), listing, options.behaviour, stage.time());

  sync::SessionParts parts;
  parts.clock = &stage.time();
  parts.sleeper = &stage.time();
  parts.observer = &observer_;
  parts.random = [] { return 0.5; };
  auto executor = stage.executor();
  parts.make_client = client_maker(prepared, executor);
  parts.other_secrets = proxy_secrets(prepared);
  parts.make_login_client = login_client_maker(prepared, executor);
  task_.session = std::make_shared<sync::SourceSession>(std::move(prepared.plan), std::move(parts),
                                                        Logger(stage.log()));
  task_.plan = stream_for(stream_of(*plan_, stream_), listing.items());
  task_.id = schema::StreamId(registered.front().source_id, stream_);
  task_.every = schedule_of(*settings_, task_.plan->spec).value();
}

Subject::~Subject() {
  stage_.serve(nullptr);
  task_.session->close();
}

RunReport Subject::pass(bool full) {
  stage_.serve(broker_.get());
  sync::RunOptions options;
  options.full = full;
  sync::RunParts parts;
  parts.store = &stage_.store();
  parts.clock = &stage_.time();
  parts.observer = &observer_;
  auto report = stage_.run(sync::run_stream(task_, options, parts, Logger(stage_.log())));
  for (auto const& token : broker_->tokens()) stage_.keep_secret(token);
  // What a command would print of it.
  if (report.error) stage_.log().write(LogLevel::error, report.error->to_line(), {});
  return report;
}

Stored Subject::stored() {
  Stored out;
  auto const& spec = *task_.plan->spec;
  for (auto const* table : tables_of(spec)) {
    bool const records = table->keeps_records();
    std::string sql = records ? "SELECT external_id, raw::text, deleted_at IS NOT NULL"
                              : "SELECT NULL, NULL, false";
    std::vector<std::string> names;
    for (auto const& column : table->columns) {
      if (!records && column.name == "provider") continue;
      names.emplace_back(column.name);
      auto const quoted = "\"" + names.back() + "\"";
      sql +=
          column.type == ColumnType::timestamptz
              ? ", to_char(" + quoted + " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
              : ", " + quoted + "::text";
    }
    sql += " FROM affsync." + std::string(table->name) +
           " WHERE source_id = $1::integer AND stream = $2";
    std::vector<std::optional<std::string>> parameters{std::to_string(task_.id.source_id), stream_};
    auto const found = stage_.run(stage_.store().query(std::move(sql), std::move(parameters)));
    for (auto const& line : found.rows) {
      if (line[1]) out.raws.push_back(*line[1]);
      if (line[2] && line[2]->starts_with("t")) {
        ++out.deleted;
        continue;
      }
      ExpectedRow row;
      row.table = table->name;
      if (line[0]) row.columns["external_id"] = *line[0];
      constexpr std::size_t fixed = 3;
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (line[i + fixed]) row.columns[names[i]] = *line[i + fixed];
      }
      out.rows.push_back(std::move(row));
    }
  }
  out.rows = comparable(std::move(out.rows), spec);
  return out;
}

}  // namespace affsync::proof
