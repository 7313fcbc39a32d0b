#include "daemon/cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <functional>
#include <iostream>

#include "base/error.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/report_plan.hpp"

namespace affsync::cli {
namespace {

constexpr int exit_usage = 2;

CLI::Option* add_day(CLI::App* command, char const* name, std::optional<Day>& day,
                     char const* help) {
  auto parse = [&day, name](std::string const& text) {
    day = parse_day(text);
    if (!day) throw CLI::ValidationError(name, "`" + text + "` is not a day such as 2026-01-31");
  };
  return command->add_option_function<std::string>(name, parse, help)->type_name("YYYY-MM-DD");
}

CLI::Option* add_output(CLI::App* command, Output& output, bool with_csv) {
  std::map<std::string, Output> words{{"table", Output::table}, {"json", Output::json}};
  if (with_csv) words["csv"] = Output::csv;
  std::string const names = with_csv ? "table|csv|json" : "table|json";
  auto parse = [&output, words, names](std::string const& text) {
    auto const found = words.find(text);
    if (found == words.end()) {
      throw CLI::ValidationError("--output", "`" + text + "` is none of " + names);
    }
    output = found->second;
  };
  return command->add_option_function<std::string>("--output", parse, "How to print the result")
      ->type_name(names);
}

// Errors that end a command are printed here and nowhere else.
int report(Error const& error) {
  std::cerr << "affsync: " << error.to_line() << "\n";
  return to_exit_status(error.code);
}

// Everything that the options are parsed into, and the command that was chosen.
struct Parsed {
  CommonOptions common;
  SyncOptions sync;
  CheckOptions check;
  InspectOptions inspect;
  ReportOptions report;
  bool migrate_dry_run = false;
  Output status_output = Output::table;
  Output connectors_output = Output::table;
  std::string connector;
  std::function<int()> command;
};

// --config and --verbose are accepted before and after the command's name.
void add_common(CLI::App* app, CommonOptions& common) {
  app->add_option("--config", common.config_file,
                  "Configuration file (default: $AFFSYNC_CONFIG, ./affsync.yaml, "
                  "/etc/affsync/affsync.yaml)")
      ->type_name("FILE");
  app->add_flag("-v,--verbose", common.verbose, "Log in more detail");
}

CLI::App* add_command(CLI::App& app, Parsed& parsed, char const* name, char const* help,
                      std::function<int()> run) {
  CLI::App* command = app.add_subcommand(name, help);
  add_common(command, parsed.common);
  command->callback([&parsed, run = std::move(run)] { parsed.command = run; });
  return command;
}

void add_reading_commands(CLI::App& app, Parsed& parsed) {
  add_command(app, parsed, "run", "The daemon: reads every stream on its schedule, until stopped",
              [&parsed] { return run_daemon(parsed.common); });

  auto* sync = add_command(app, parsed, "sync", "One pass over the chosen streams, then a summary",
                           [&parsed] { return run_sync(parsed.common, parsed.sync); });
  sync->add_option("--source", parsed.sync.sources, "Only this source (may be repeated)");
  sync->add_option("--stream", parsed.sync.streams, "Only this stream (may be repeated)");
  sync->add_flag("--full", parsed.sync.full, "The whole history, not only what may have changed");
  add_day(sync, "--since", parsed.sync.since, "Only from this day on");
  add_day(sync, "--until", parsed.sync.until, "Only up to this day");
  sync->add_flag("--dry-run", parsed.sync.dry_run, "Read everything, write nothing");
  add_output(sync, parsed.sync.output, false);

  auto* check = add_command(app, parsed, "check",
                            "Tries configuration, database, logins and one page of each stream",
                            [&parsed] { return run_check(parsed.common, parsed.check); });
  check->add_option("--source", parsed.check.sources, "Only this source (may be repeated)");
  add_output(check, parsed.check.output, false);

  auto* inspect = add_command(app, parsed, "inspect",
                              "One page of a stream: the raw rows beside the mapped columns",
                              [&parsed] { return run_inspect(parsed.common, parsed.inspect); });
  inspect->add_option("source", parsed.inspect.source, "A source of the configuration")->required();
  inspect->add_option("stream", parsed.inspect.stream, "One of its streams")->required();
  inspect->add_option("--rows", parsed.inspect.rows, "How many rows to show")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
}

void add_database_commands(CLI::App& app, Parsed& parsed) {
  auto* migrate =
      add_command(app, parsed, "migrate", "Brings the database schema up to date",
                  [&parsed] { return run_migrate(parsed.common, parsed.migrate_dry_run); });
  migrate->add_flag("--dry-run", parsed.migrate_dry_run, "Only say what would be applied");

  auto* status = add_command(app, parsed, "status", "What the database says of every stream",
                             [&parsed] { return run_status(parsed.common, parsed.status_output); });
  add_output(status, parsed.status_output, false);

  auto* report = add_command(app, parsed, "report", "The reporting views on the terminal",
                             [&parsed] { return run_report(parsed.common, parsed.report); });
  report->add_option("report", parsed.report.report, "Which one")
      ->required()
      ->check(CLI::IsMember({"earnings", "clients", "payouts", "rebates", "changes"}))
      ->type_name("earnings|clients|payouts|rebates|changes");
  report->footer(report_help());
  add_day(report, "--since", parsed.report.since, "From this day on");
  add_day(report, "--until", parsed.report.until, "Up to this day");
  report->add_option("--by", parsed.report.by, "One line per …")
      ->check(CLI::IsMember({"day", "month", "source", "client", "currency", "kind"}))
      ->type_name("day|month|source|client|currency|kind");
  report
      ->add_option("--limit", parsed.report.limit,
                   "At most so many lines of each currency, 0: all (default: 50 on a terminal)")
      ->check(CLI::Range(0, 1'000'000'000))
      ->type_name("N");
  add_output(report, parsed.report.output, true);
}

void add_other_commands(CLI::App& app, Parsed& parsed) {
  auto* connectors = add_command(
      app, parsed, "connectors", "The brokers this binary knows, and what each one needs",
      [&parsed] {
        return run_connectors(parsed.common, parsed.connector, parsed.connectors_output);
      });
  connectors->add_option("name", parsed.connector, "Only this one, in detail");
  add_output(connectors, parsed.connectors_output, false);
  add_command(app, parsed, "version", "Version, commit and libraries",
              [] { return run_version(); });
}

}  // namespace

int run_command_line(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app(
      "affsync reads what you earn at your brokers and keeps it up to date in PostgreSQL.");
  app.require_subcommand(1);
  app.set_version_flag("--version", [] {
    run_version();
    return std::string();
  });
  Parsed parsed;
  add_common(&app, parsed.common);
  add_reading_commands(app, parsed);
  add_database_commands(app, parsed);
  add_other_commands(app, parsed);

  try {
    app.parse(argc, argv);
  } catch (CLI::Success const& success) {  // --help, --version
    return app.exit(success);
  } catch (CLI::ParseError const& error) {
    app.exit(error);
    return exit_usage;
  }
  try {
    return parsed.command();
  } catch (Failure const& failure) {
    return report(failure.error());
  } catch (std::exception const& error) {
    return report(
        Error(ErrorCode::internal, error.what(), "This is a defect of affsync; please report it."));
  }
}

}  // namespace affsync::cli
