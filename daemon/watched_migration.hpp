// Migrates on another thread while this one handles signals: building an index may take hours.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>

#include "base/log.hpp"
#include "schema/store/migrate.hpp"
#include "schema/store/migration_watch.hpp"

namespace affsync {

namespace asio = boost::asio;

// Runs `io` until the migration has ended. SIGINT and SIGTERM call `on_signal` and cancel it.
// `still_at_it` is called every five seconds, with what takes so long if that is known.
Result<schema::MigrationReport> migrate_watched(
    asio::io_context& io, schema::StoreOptions const& options,
    schema::MigrationRequest const& request, schema::MigrationWatch& watch,
    std::function<void(std::string const&)> const& still_at_it,
    std::function<void()> const& on_signal);

// Logs what a migration warns of: its own notices, and views that stay as they are.
void tell_what_migrating_left(schema::MigrationReport const& report, Logger const& log);

}  // namespace affsync
