// `affsync status`: the health of every stream, from the database.
#include "daemon/cli/status.hpp"

#include <unistd.h>

#include <iostream>

#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/open_alerts.hpp"
#include "daemon/cli/open_database.hpp"

namespace affsync::cli {

int run_status(CommonOptions const& common, Output output) {
  App app(common.config_file, common.log_level(), config::Secrets::of_database);
  open_database(app, true);
  auto const streams = app.run(app.store().health());
  auto const daemons = app.run(read_daemons(app.store()));
  auto const now = SystemClock().now();
  if (output == Output::json) {
    std::cout << status_json(streams, now, app.shown_database_url(), daemons) << std::endl;
  } else {
    std::cout << status_table(streams, now, app.shown_database_url(),
                              log::look_at_terminal(STDOUT_FILENO), daemons)
              << (app.serves_database() ? "That server runs only while affsync runs: `affsync "
                                          "psql` opens it, `affsync run` keeps it.\n"
                                        : "")
              << std::flush;
    if (auto const line = open_alerts_line(count_open_alerts(app)); !line.empty()) {
      std::cout << "\n" << line << std::flush;
    }
  }
  tell_about_database(app);
  return 0;
}

}  // namespace affsync::cli
