// One PostgreSQL server process and its cluster. Blocking; call everything from the cluster's own
// thread.
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

// Runs initdb unless the cluster exists. The data directory gets its final name only when it is
// complete, so that an interrupted start begins again.
Result<void> make_cluster(Layout const& layout, ServerUser const& user,
                          ServerPrograms const& programs, bool durable,
                          std::chrono::milliseconds limit);

// Returns a libpq keyword string for a database at the layout's socket.
std::string connection_string(Layout const& layout, std::string const& database);

enum class Answer { yes, not_yet, none };  // not_yet: starting up or shutting down
Answer ask_server(Layout const& layout);

// Creates the database `affsync` unless it exists.
Result<void> make_database(Layout const& layout);

class Server {
 public:
  // Starts the process, which may not answer yet. It ends with the calling thread.
  static Result<Server> launch(Layout const& layout, ServerUser const& user,
                               ServerPrograms const& programs, bool durable,
                               std::vector<std::string> const& settings);
  // A descriptor that is readable once the process has ended; -1 if the kernel has no pidfd.
  int exit_descriptor() const { return exited_.get(); }
  // Returns whether the process still runs; reaps it if not.
  bool alive();
  // Fast shutdown; after `limit` an immediate one. Returns when the process has ended.
  void stop(std::chrono::milliseconds limit);
  // Rotates a log larger than `limit` bytes: the old text is kept in a file beside it. A server may
  // run for years.
  static void bound_log(Layout const& layout, ServerUser const& user, std::uintmax_t limit);
  // Size of its log when it was started.
  std::uintmax_t log_begin() const { return log_offset_; }
  // Returns the last lines that the server has written to its log since its start.
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
