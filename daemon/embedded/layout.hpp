// Where the parts of a cluster are, and what its files say.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "daemon/embedded/server_user.hpp"

namespace affsync::embedded {

struct Layout {
  std::filesystem::path state;   // absolute, symbolic links resolved
  std::filesystem::path home;    // state/postgresql: belongs to the server's user, 0700
  std::filesystem::path data;    // home/data
  std::filesystem::path log;     // home/server.log
  std::filesystem::path lock;    // state/lock: held by the affsync that owns the server
  std::filesystem::path socket;  // the directory of the Unix socket: home, or a short one
};

// Touches nothing. Errors: database_unavailable.
Result<Layout> describe_layout(std::filesystem::path const& state_dir);

// Whether a cluster is in `state`, or could be made there; makes nothing. Errors:
// database_unavailable.
Result<void> check_state_directory(Layout const& layout, ServerUser const& user);

// Makes `state`, after checking that `user` can get there. Errors: database_unavailable, naming the
// directory that is closed.
Result<void> make_state_directory(Layout const& layout, ServerUser const& user);

// Makes `home` and the socket's directory, for `user` alone. Errors: database_unavailable.
Result<void> make_server_directories(Layout const& layout, ServerUser const& user);

// The process id of the server that has the data open; nullopt when there is none, or only the
// stale note of one.
std::optional<int> running_server(Layout const& layout);

// What a crash of the machine leaves can keep a server from starting: lock files that are empty, or
// that name a process which is another program by now. Takes those away, and only while no server
// works on the cluster. To be called by the holder of `lock`, when running_server knows none.
void remove_stale_locks(Layout const& layout);

// Up to `lines` last lines of the server's log after `offset` bytes.
std::string log_tail(Layout const& layout, std::uintmax_t offset, int lines);

}  // namespace affsync::embedded
