// One PostgreSQL server process and the cluster it works on. Blocking; everything here is called
// from the cluster's own thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "daemon/embedded/file_descriptor.hpp"
#include "daemon/embedded/layout.hpp"
#include "daemon/embedded/programs.hpp"
#include "daemon/embedded/server_user.hpp"

namespace affsync::embedded {

// Runs initdb, unless the cluster exists. The data appear under their name only when they are
// complete, so a start that was cut short is repeated from the beginning.
Result<void> make_cluster(Layout const& layout, ServerUser const& user,
                          ServerPrograms const& programs, bool durable,
                          std::chrono::milliseconds limit);

// A libpq keyword string for a database behind the layout's socket.
std::string connection_string(Layout const& layout, std::string const& database);

enum class Answer { yes, not_yet, none };  // not_yet: starting up or shutting down
Answer ask_server(Layout const& layout);

// Makes the database `affsync`, unless it exists.
Result<void> make_database(Layout const& layout);

class Server {
 public:
  // Starts the process; it may not answer yet. It ends with the calling thread.
  static Result<Server> launch(Layout const& layout, ServerUser const& user,
                               ServerPrograms const& programs, bool durable,
                               std::vector<std::string> const& settings);
  // Readable once the process has ended; -1 where the kernel cannot say.
  int exit_descriptor() const { return exited_.get(); }
  // Whether the process is still there; reaps it when not.
  bool alive();
  // Fast shutdown; after `limit` an immediate one. Returns when the process is gone.
  void stop(std::chrono::milliseconds limit);
  // Begins the log anew, the old text kept beside it, once it is over `limit`: a server may run for
  // years.
  static void bound_log(Layout const& layout, std::uintmax_t limit);
  // What it wrote to its log since it was launched: the last lines.
  std::string last_words() const;

 private:
  Server(Layout layout, pid_t id, std::uintmax_t log_offset);
  bool wait_exit(std::chrono::milliseconds limit);

  Layout layout_;
  pid_t id_;
  std::uintmax_t log_offset_;
  FileDescriptor exited_;
};

}  // namespace affsync::embedded
