// `affsync sources`: the sources that the database knows, and their removal.
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "base/suggest.hpp"
#include "daemon/chosen_config.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/removal.hpp"
#include "daemon/database.hpp"
#include "daemon/database_url.hpp"
#include "daemon/instance.hpp"
#include "daemon/reports/json_text.hpp"
#include "daemon/withdrawn_streams.hpp"
#include "schema/store/newer_schema.hpp"

namespace affsync::cli {
namespace {

struct OpenedForSources {
  config::Config config;
  std::unique_ptr<Database> database;
  std::unique_ptr<PlainConnection> connection;
};

OpenedForSources open_for_sources(CommonOptions const& common) {
  OpenedForSources opened;
  opened.config =
      with_readable_urls(load_chosen_config(common.config_file, config::Secrets::of_database));
  if (!affsync::is_database_there(opened.config.database)) {
    throw Failure(ErrorCode::migration_failed,
                  "there is no database yet in " + opened.config.database.state_dir,
                  "Run `affsync sync` or `affsync run`, which create it.");
  }
  opened.database = std::make_unique<Database>(opened.config.database, std::string(), nullptr);
  auto connection = PlainConnection::open(opened.database->options().url);
  if (!connection) throw Failure(connection.error());
  opened.connection = std::make_unique<PlainConnection>(std::move(*connection));
  auto const there = opened.connection->run("SELECT to_regclass('affsync.source')").value();
  if (there.empty()) {
    throw Failure(ErrorCode::migration_failed, "the database holds no affsync schema yet",
                  "Run `affsync migrate` or `affsync sync`, which create it.");
  }
  return opened;
}

bool is_configured(config::Config const& config, std::string const& name) {
  return std::ranges::any_of(config.sources, [&](auto const& one) { return one.name == name; });
}

SourceInDatabase source_named(std::vector<SourceInDatabase> const& sources,
                              std::string const& name) {
  std::vector<std::string> names;
  for (auto const& source : sources) {
    if (source.name == name) return source;
    names.push_back(source.name);
  }
  auto const meant = nearest(name, names);
  throw Failure(ErrorCode::usage, "the database has no source `" + name + "`",
                meant ? "Did you mean `" + *meant + "`?" : "`affsync sources` lists them.");
}

// A source that a configuration contains would be there again after its next run.
void refuse_used(PlainConnection& connection, config::Config const& config,
                 SourceInDatabase const& source, bool force) {
  if (is_configured(config, source.name)) {
    throw Failure(ErrorCode::usage, config.file + " contains the source `" + source.name + "`",
                  "Remove it there first, and reload the daemon (systemctl reload affsync).");
  }
  if (force) return;
  if (is_read_by_daemon(connection, source.name).value()) {
    throw Failure(ErrorCode::usage, "a running daemon reads the source `" + source.name + "`",
                  "Reload it, if its configuration no longer contains the source (systemctl reload"
                  " affsync). Give --force if it was killed in the last five minutes.");
  }
  // Runs of this configuration noted it when it still contained the source.
  auto const own = config.instance.empty() ? instance_of(config.file) : config.instance;
  auto const other = other_instance(source, own);
  if (!other) return;
  throw Failure(ErrorCode::usage,
                "the configuration " + *other + " contains the source `" + source.name + "`",
                "Remove it there and reload that daemon. Give --force if that daemon no longer "
                "exists.");
}

bool confirmed(std::string const& name) {
  if (::isatty(STDIN_FILENO) == 0) {
    throw Failure(ErrorCode::usage, "a removal must be confirmed",
                  "Give --yes, since there is no terminal to ask on. --dry-run shows what would be "
                  "removed.");
  }
  std::cerr << "Type the name of the source to remove it: " << std::flush;
  std::string typed;
  return std::getline(std::cin, typed) && typed == name;
}

}  // namespace

int run_sources(CommonOptions const& common, Output output) {
  auto const opened = open_for_sources(common);
  auto const sources = sources_in(*opened.connection).value();
  auto const withdrawn = withdrawn_in(*opened.connection);
  if (output == Output::json) {
    Json::Array list;
    for (auto const& source : sources) {
      Json::Array streams;
      for (auto const& one : withdrawn) {
        if (one.source != source.id) continue;
        streams.push_back(Json::object({{"stream", Json::string(one.stream)},
                                        {"rows", Json::number(one.rows)},
                                        {"amounts", Json::string(one.amounts)}}));
      }
      Json::Array instances;
      for (auto const& one : source.instances) instances.push_back(Json::string(one));
      list.push_back(Json::object({{"name", Json::string(source.name)},
                                   {"connector", Json::string(source.connector)},
                                   {"base_url", Json::string(source.base_url)},
                                   {"removed_on", reports::json_text_or_null(source.retired_on)},
                                   {"configurations", Json::array(std::move(instances))},
                                   {"withdrawn_streams", Json::array(std::move(streams))}}));
    }
    std::cout << Json::object({{"sources", Json::array(std::move(list))}}).dump() << "\n";
    return 0;
  }
  for (auto const& source : sources) {
    std::cout << source.name << "  " << source.connector << "  " << source.base_url << "  ";
    if (!source.retired_on.empty()) {
      std::cout << "removed on " << source.retired_on << "; its rows are kept\n";
    } else if (source.instances.empty()) {
      std::cout << "in use\n";
    } else {
      std::cout << "in " << source.instances.front()
                << (source.instances.size() > 1 ? " and others" : "") << "\n";
    }
    for (auto const& one : withdrawn) {
      if (one.source != source.id) continue;
      std::cout << "  " << one.stream << " is no longer in the connector; reports omit its "
                << lacking_text(one.rows, one.amounts) << "\n";
    }
  }
  if (sources.empty()) std::cout << "The database has no source yet.\n";
  return 0;
}

int run_sources_remove(CommonOptions const& common, RemoveOptions const& options) {
  auto const opened = open_for_sources(common);
  auto& connection = *opened.connection;
  auto const newer = connection.run(schema::newer_migration_sql()).value();
  if (!newer.empty()) throw Failure(schema::newer_database(newer));
  auto const source = source_named(sources_in(connection).value(), options.name);
  refuse_used(connection, opened.config, source, options.force);
  auto const counts = rows_of(connection, source.id).value();
  bool any_stays = false;
  std::cout << source.name << " (" << source.connector << ", " << source.base_url << ")\n";
  for (auto const& [table, rows] : counts) {
    if (rows == 0) continue;
    std::cout << "  affsync." << table << ": " << rows << (rows == 1 ? " row" : " rows");
    if (options.with_data && table == stays_when_erased) {
      std::cout
          << ", which stay: amounts of all sources are converted at them (DELETE FROM affsync."
          << table << " WHERE source_id = " << number_when_erased(source.id) << " removes them)";
      any_stays = true;
    }
    std::cout << "\n";
  }
  std::string const removed =
      options.with_data
          ? std::string("removed with all these rows") + (any_stays ? " but the rates\n" : "\n")
          : "removed; the rows stay, and stay in the reports (--with-data removes them)\n";
  // Nothing is said to be done before it is.
  bool const asks = !options.dry_run && !options.yes;
  if (options.dry_run || asks) std::cout << "would be " << removed << std::flush;
  if (options.dry_run) return 0;
  if (asks && !confirmed(source.name)) {
    std::cerr << "affsync: nothing was removed\n";
    return 1;
  }
  auto const done =
      options.with_data ? erase(connection, source.id) : retire(connection, source.id);
  if (!done) throw Failure(done.error());
  std::cout << removed;
  std::cerr << "affsync: removed " << source.name << "\n";
  return 0;
}

}  // namespace affsync::cli
