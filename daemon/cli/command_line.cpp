#include "daemon/cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <functional>
#include <iostream>
#include <system_error>

#include "base/error.hpp"
#include "base/process_limits.hpp"
#include "daemon/cli/command_options.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/complete.hpp"
#include "daemon/cli/life_commands.hpp"
#include "daemon/cli/option_rules.hpp"
#include "daemon/cli/terminal/standard_output.hpp"
#include "daemon/cli/usage_error.hpp"
#include "daemon/signals.hpp"

namespace affsync::cli {
namespace {

// Prints the error that ends a command and returns the exit status; the only place that does so.
int report(Error const& error) {
  std::cerr << "affsync: " << error.to_line() << "\n";
  // Like a shell, return 130 after Ctrl-C, so that scripts can tell an abort from a failure.
  if (error.code == ErrorCode::cancelled && last_stop_signal() == SIGINT) return 128 + SIGINT;
  return to_exit_status(error.code);
}

// The parsed options and the chosen command.
struct Parsed {
  CommonOptions common;
  SyncOptions sync;
  ImportOptions importing;
  CheckOptions check;
  InitOptions init;
  InspectOptions inspect;
  ReportCommand report;
  std::string schema;
  QuarantineOptions quarantine;
  schema::MigrationRequest migration;
  AlertsOptions alerts;
  std::vector<std::string> psql_arguments;
  PruneOptions prune;
  LifeOptions life;
  Output status_output = Output::table;
  Output connectors_output = Output::table;
  std::string connector;
  std::string sample, sample_name, sample_url;
  ProofOptions proof;
  RecordOptions record;
  std::function<int()> command;
};

// If the command has subcommands, `run` is called only without one of them.
CLI::App* add_command(CLI::App& app, Parsed& parsed, char const* name, char const* help,
                      std::function<int()> run) {
  CLI::App* command = app.add_subcommand(name, help);
  add_common(command, parsed.common);
  command->callback([&parsed, command, run = std::move(run)] {
    if (command->get_subcommands().empty()) parsed.command = run;
  });
  return command;
}

void add_retry_login(CLI::App* command, bool& retry_login) {
  command->add_flag("--retry-login", retry_login,
                    "Try also logins and keys that are blocked after a refusal");
}

void add_init(CLI::App& app, Parsed& parsed) {
  auto& options = parsed.init;
  auto* init = add_command(app, parsed, "init",
                           "Asks for broker, login and database, tries them, and writes a "
                           "configuration",
                           [&parsed] { return run_init(parsed.common, parsed.init); });
  init->add_option("--connector", options.connector, "The broker (`affsync connectors` lists them)")
      ->type_name("NAME");
  init->add_option("--name", options.name, "Name of the source (default: CONNECTOR-main)")
      ->type_name("NAME");
  init->add_option("--base-url", options.base_url, "The broker's address, or file:///FOLDER")
      ->type_name("URL");
  init->add_option("--set", options.settings, "A setting of the connector (may be repeated)")
      ->type_name("KEY=VALUE");
  init->add_option("--credential", options.credentials,
                   "NAME=@FILE or NAME=env:VARIABLE; NAME=VALUE if it is no secret (may be "
                   "repeated; default: the variable CONNECTOR_NAME)")
      ->type_name("NAME=...");
  init->add_option("--database", options.database,
                   "embedded (default without a terminal), local, or a URL of libpq")
      ->type_name("embedded|local|URL");
  init->add_flag("--add", options.add, "Add the source to an existing configuration");
  init->add_flag("--force", options.force, "Replace an existing configuration");
  init->add_flag_callback(
      "--no-check", [&options] { options.check = false; },
      "Write without asking the broker and the database");
  init->add_flag("-y,--yes", options.yes, "Ask nothing: everything is given by options");
  add_examples(init,
               {"affsync init                         # asks for everything, and for more brokers",
                "affsync init --add                   # one more broker",
                "affsync init -y --connector exness --credential login=me@example.com",
                "    --credential password=@/run/secrets/exness --database local"});
}

void add_reading_commands(CLI::App& app, Parsed& parsed) {
  auto* daemon = add_command(app, parsed, "run",
                             "The daemon: reads every stream on its schedule until stopped",
                             [&parsed] { return run_daemon(parsed.common); });
  add_examples(daemon, {"affsync run", "affsync run --config affsync.yaml --verbose"});

  auto* sync = add_command(app, parsed, "sync", "One pass over the chosen streams, then a summary",
                           [&parsed] { return run_sync(parsed.common, parsed.sync); });
  sync->add_option("--source", parsed.sync.sources, "Only this source (may be repeated)");
  sync->add_option("--stream", parsed.sync.streams, "Only this stream (may be repeated)");
  sync->add_flag("--full", parsed.sync.full,
                 "Read the whole history, not only what may have changed");
  add_day(sync, "--since", parsed.sync.since, "Only from this day on");
  add_day(sync, "--until", parsed.sync.until, "Only up to this day");
  sync->add_flag("--dry-run", parsed.sync.dry_run, "Read everything, write nothing");
  sync->add_flag("-q,--quiet", parsed.sync.quiet,
                 "Print nothing unless something needs attention (for cron)");
  add_retry_login(sync, parsed.sync.retry_login);
  add_output(sync, parsed.sync.output, false);
  add_examples(
      sync,
      {"affsync sync", "affsync sync --source exness-main --stream rewards",
       "affsync sync --since -7d        # what earlier passes may have missed",
       "affsync sync -q                 # for cron: silent unless something needs attention"});

  auto* files = add_command(app, parsed, "import", "Reads files into the streams of a source",
                            [&parsed] { return run_import(parsed.common, parsed.importing); });
  files->add_option("file", parsed.importing.files, "Exports of the broker")->required();
  files->add_option("--source", parsed.importing.source, "The source that they belong to")
      ->required();
  files->add_option("--stream", parsed.importing.stream,
                    "The stream that they are for (default: the one that reads such names)");
  add_day(files, "--since", parsed.importing.since,
          "First day of the files (default: of their rows)");
  add_day(files, "--until", parsed.importing.until,
          "Last day of the files (default: of their rows)");
  files->add_flag("--dry-run", parsed.importing.dry_run, "Read everything, write nothing");
  add_output(files, parsed.importing.output, false);
  add_examples(files, {"affsync import export.csv --source my-network",
                       "affsync import *.csv --source my-network --stream payouts --dry-run"});

  auto* check = add_command(app, parsed, "check",
                            "Tries configuration, database, logins and one page of each stream",
                            [&parsed] { return run_check(parsed.common, parsed.check); });
  check->add_option("--source", parsed.check.sources, "Only this source (may be repeated)");
  add_retry_login(check, parsed.check.retry_login);
  add_output(check, parsed.check.output, false);
  add_examples(check, {"affsync check", "affsync check --source exness-main --retry-login"});

  auto* inspect = add_command(app, parsed, "inspect",
                              "One page of a stream: the raw rows beside the mapped columns",
                              [&parsed] { return run_inspect(parsed.common, parsed.inspect); });
  inspect->add_option("source", parsed.inspect.source, "A source of the configuration")->required();
  inspect->add_option("stream", parsed.inspect.stream, "One of its streams")->required();
  inspect->add_option("--rows", parsed.inspect.rows, "How many rows to show, up to 1000")
      ->check(whole_number(1, 1000))
      ->capture_default_str()
      ->type_name("N");
  add_examples(inspect, {"affsync inspect exness-main rewards --rows 5"});
}

void add_database_commands(CLI::App& app, Parsed& parsed) {
  auto* migrate = add_command(app, parsed, "migrate", "Brings the database schema up to date",
                              [&parsed] { return run_migrate(parsed.common, parsed.migration); });
  migrate->add_flag("--dry-run", parsed.migration.dry_run, "Only show what would be applied");
  migrate->add_flag(
      "--views", parsed.migration.remake_views,
      "Create the views again, for example after a table was replaced by another one");
  migrate->add_flag("--distributed", parsed.migration.distribute,
                    "Distribute the tables over the servers of a Citus cluster");
  add_examples(migrate, {"affsync migrate --dry-run"});

  auto* psql = add_command(app, parsed, "psql", "Opens psql on the database of the configuration",
                           [&parsed] { return run_psql(parsed.common, parsed.psql_arguments); });
  psql->add_option("arguments", parsed.psql_arguments, "Options of psql, after --");
  add_examples(psql,
               {"affsync psql", "affsync psql -- --csv -c 'select * from reporting.payouts'"});

  auto* prune = add_command(app, parsed, "prune",
                            "Deletes old runs and resolved quarantine rows, see `retention`",
                            [&parsed] { return run_prune(parsed.common, parsed.prune); });
  prune->add_flag("--dry-run", parsed.prune.dry_run, "Only show what would be removed");
  add_output(prune, parsed.prune.output, false);
  add_examples(prune, {"affsync prune --dry-run"});

  auto* status = add_command(app, parsed, "status", "The state of every stream, from the database",
                             [&parsed] { return run_status(parsed.common, parsed.status_output); });
  add_output(status, parsed.status_output, false);
  add_examples(status, {"affsync status", "affsync status --output json"});

  add_report_commands(app, parsed.common, parsed.report, parsed.command);
}

void add_quarantine(CLI::App& app, Parsed& parsed) {
  auto& options = parsed.quarantine;
  auto const add_scope = [&options](CLI::App* command, char const* source, char const* stream) {
    command->add_option("--source", options.source, source);
    command->add_option("--stream", options.stream, stream);
    add_output(command, options.output, true);
  };
  auto* list =
      add_command(app, parsed, "quarantine", "Rows that could not be stored, grouped by reason",
                  [&parsed] { return run_quarantine_list(parsed.common, parsed.quarantine); });
  add_scope(list, "Only this source", "Only this stream");
  list->add_flag("--all", options.all, "Include accepted rows");
  list->require_subcommand(0, 1);
  add_examples(list, {"affsync quarantine", "affsync quarantine show 17",
                      "affsync quarantine retry --source exness-main"});

  auto* show = add_command(*list, parsed, "show", "One complete row with its reason", [&parsed] {
    return run_quarantine_show(parsed.common, parsed.quarantine);
  });
  show->add_option("id", options.ids, "The number of the row")
      ->check(row_number())
      ->required()
      ->expected(1);
  add_output(show, options.output, true);
  add_examples(show, {"affsync quarantine show 17"});

  auto* retry = add_command(
      *list, parsed, "retry",
      "Maps the quarantined rows again with the current connector and stores those that map",
      [&parsed] { return run_quarantine_retry(parsed.common, parsed.quarantine); });
  add_scope(retry, "Only this source", "Only this stream");
  add_examples(retry,
               {"affsync quarantine retry", "affsync quarantine retry --source exness-main"});

  auto* accept =
      add_command(*list, parsed, "accept", "Accepts rows as known, so that they are left out",
                  [&parsed] { return run_quarantine_accept(parsed.common, parsed.quarantine); });
  accept->add_option("id", options.ids, "Numbers of the rows")->check(row_number());
  add_scope(accept, "With --stream: all open rows of this source's stream", "See --source");
  accept->add_option("--reason", options.because, "Why; stored with the rows")->type_name("TEXT");
  add_examples(accept, {"affsync quarantine accept 17 18 --reason 'test accounts'"});
}

void add_alerts(CLI::App& app, Parsed& parsed) {
  auto& options = parsed.alerts;
  auto* list = add_command(app, parsed, "alerts", "What needs attention, and who was told",
                           [&] { return run_alerts_list(parsed.common, parsed.alerts); });
  auto* const open = list->add_flag("--open", options.open, "Only what is open (the default)");
  list->add_flag("--all", options.all, "Include what is over")->excludes(open);
  list->add_option("--source", options.source, "Only this source");
  add_output(list, options.output, false);
  list->require_subcommand(0, 1);
  add_examples(list, {"affsync alerts", "affsync alerts --all --source exness-main"});

  auto* test = add_command(*list, parsed, "test", "Sends a sample, and shows what came back",
                           [&] { return run_alerts_test(parsed.common, parsed.alerts); });
  test->add_option("name", options.names, "Only to these receivers")->type_name("NAME");
  add_output(test, options.output, false);
  add_examples(test, {"affsync alerts test", "affsync alerts test phone"});

  auto* mute = add_command(*list, parsed, "mute", "Tells nobody of a rule or an alert",
                           [&] { return run_alerts_mute(parsed.common, parsed.alerts); });
  auto* unmute = add_command(*list, parsed, "unmute", "Ends `mute`",
                             [&] { return run_alerts_unmute(parsed.common, parsed.alerts); });
  for (auto* const command : {mute, unmute}) {
    command->add_option("what", options.what, "A rule, or the number of an alert")
        ->required()
        ->type_name("RULE|ID");
  }
  add_coming_day(
      mute, "--until", options.until,
      "Up to the beginning of this day, UTC: 2026-12-31, tomorrow, monday (the next one), +7d");
  mute->add_option("--reason", options.because, "Why; stored with it")->type_name("TEXT");
  add_examples(mute, {"affsync alerts mute payout_overdue --until 2026-12-31 --reason holidays",
                      "affsync alerts mute 17"});
  add_examples(unmute, {"affsync alerts unmute payout_overdue", "affsync alerts unmute 17"});
}

void add_other_commands(CLI::App& app, Parsed& parsed) {
  auto* connectors = add_command(
      app, parsed, "connectors", "The known connectors and what each one needs", [&parsed] {
        return run_connectors(parsed.common, parsed.connector, parsed.connectors_output);
      });
  connectors->add_option("connector", parsed.connector, "Show this connector in detail");
  add_output(connectors, parsed.connectors_output, false);
  connectors->require_subcommand(0, 1);
  add_examples(connectors, {"affsync connectors", "affsync connectors exness",
                            "affsync connectors new --from export.csv"});
  auto* draft = add_command(
      *connectors, parsed, "new",
      "Writes a first connector from a sample of the broker's exports or answers", [&parsed] {
        return run_connectors_new(parsed.sample, parsed.sample_name, parsed.sample_url);
      });
  draft->add_option("--from", parsed.sample, "The sample: CSV, XLSX, JSON or XML")
      ->required()
      ->type_name("FILE");
  draft->add_option("--name", parsed.sample_name, "Name of the connector (default: the file's)");
  draft->add_option("--url", parsed.sample_url, "Where an API gave the sample, without the key");
  add_examples(draft, {"affsync connectors new --from export.csv > my-network.yaml"});
  auto* proof = add_command(*connectors, parsed, "test",
                            "Holds a connector to answers of its broker: reads them from a server "
                            "of its own into a private database that is thrown away",
                            [&parsed] { return run_connectors_test(parsed.common, parsed.proof); });
  proof->add_option("connector", parsed.proof.connector, "A connector file, or a name")
      ->required()
      ->type_name("FILE|NAME");
  proof
      ->add_option("--fixtures", parsed.proof.fixtures,
                   "The folder of answers (default: that of the connector's name beside the file)")
      ->type_name("DIR");
  proof
      ->add_option("--database", parsed.proof.database,
                   "A database without sources to read into; the rows stay there")
      ->type_name("URL");
  add_output(proof, parsed.proof.output, false);
  add_examples(proof, {"affsync connectors test my-network.yaml",
                       "affsync connectors test my-network.yaml --fixtures answers"});
  auto* record = add_command(
      *connectors, parsed, "record",
      "Takes answers of a real account as fixtures: names, ids and amounts are replaced",
      [&parsed] { return run_connectors_record(parsed.common, parsed.record); });
  record->add_option("source", parsed.record.source, "A source of the configuration")->required();
  record->add_option("--stream", parsed.record.streams, "Only this stream (may be repeated)");
  record
      ->add_option("--to", parsed.record.to,
                   "The folder to write to (default: the connector's name)")
      ->type_name("DIR");
  add_examples(record, {"affsync connectors record exness-main --to answers"});
  auto* schema = add_command(app, parsed, "schema",
                             "The JSON schema of the configuration or of a connector, for editors",
                             [&parsed] { return run_schema(parsed.schema); });
  schema->add_option("which", parsed.schema, "For affsync.yaml or for a connector file")
      ->required()
      ->check(one_of({"config", "connector"}))
      ->type_name("config|connector");
  add_examples(schema, {"affsync schema config > affsync.schema.json"});
  auto* version = add_command(app, parsed, "version", "Version, commit and libraries",
                              [] { return run_version(); });
  add_examples(version, {"affsync version"});
}

}  // namespace

int run_command_line(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is a full disk
  std::signal(SIGIO, SIG_IGN);    // of a lease that looks whether a file is open
  // Who ignores it hands that down, and then no program that is started here can be asked how it
  // ended.
  std::signal(SIGCHLD, SIG_DFL);
  raise_file_limit();
  StandardOutput out;
  // Set the name, since usage lines would otherwise show the path of the program.
  CLI::App app("affsync reads what you earn at your brokers and keeps it up to date in PostgreSQL.",
               "affsync");
  app.require_subcommand(1);
  app.set_version_flag("--version", version_line);
  Parsed parsed;
  add_common(&app, parsed.common);
  add_init(app, parsed);
  add_reading_commands(app, parsed);
  add_database_commands(app, parsed);
  add_life_commands(app, parsed.common, parsed.life,
                    [&parsed](CLI::App& to, char const* name, char const* help, auto run) {
                      return add_command(to, parsed, name, help, std::move(run));
                    });
  add_quarantine(app, parsed);
  add_alerts(app, parsed);
  add_other_commands(app, parsed);

  if (is_completion(argc, argv)) return out.finish(run_complete(describe(app), argc, argv));
  refuse_empty_values(app);
  try {
    refuse_empty_assignments(argc, argv);
    app.parse(argc, argv);
    hand_options_down(app);
  } catch (CLI::Success const& success) {  // --help, --version
    return out.finish(app.exit(success));
  } catch (CLI::ParseError const& error) {
    return report(explain_usage(look_at(app, error)));
  } catch (Failure const& failure) {
    return report(failure.error());
  }
  int status = 0;
  try {
    status = parsed.command();
  } catch (Failure const& failure) {
    status = report(failure.error());
  } catch (std::system_error const& error) {
    bool const short_of = error.code() == std::errc::resource_unavailable_try_again;
    status = report(Error(ErrorCode::internal, error.what(),
                          short_of ? "Raise the limit of processes or of memory (ulimit -u, -v)."
                                   : "This is a defect of affsync; please report it."));
  } catch (std::exception const& error) {
    status = report(
        Error(ErrorCode::internal, error.what(), "This is a defect of affsync; please report it."));
  }
  return out.finish(status);
}

}  // namespace affsync::cli
