// The paths of a cluster's parts, and what its lock and log files contain.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "daemon/embedded/file_descriptor.hpp"
#include "daemon/embedded/server_user.hpp"

namespace affsync::embedded {

struct Layout {
  std::filesystem::path state;   // absolute, symbolic links resolved
  std::filesystem::path home;    // state/postgresql: belongs to the server's user, 0700
  std::filesystem::path data;    // home/data
  std::filesystem::path log;     // home/server.log
  std::filesystem::path lock;    // state/lock: held by the affsync that owns the server
  std::filesystem::path socket;  // directory of the Unix socket: home, or a shorter path
};

// Changes nothing. Errors: database_unavailable.
Result<Layout> describe_layout(std::filesystem::path const& state_dir);

// Checks that `state` has a cluster or that one could be created there; changes nothing. Errors:
// database_unavailable.
Result<void> check_state_directory(Layout const& layout, ServerUser const& user);

// Returns whether a cluster has been created there. True also if the directory cannot be read: then
// the start reports why.
bool has_cluster(Layout const& layout);

// Creates `state` after checking that `user` can enter its parents. What root creates in a
// directory of `user` belongs to `user`. Errors: database_unavailable, with the directory that
// `user` cannot enter.
Result<void> make_state_directory(Layout const& layout, ServerUser const& user);

// Opens `lock`, and creates it with the owner of `state`, so that a command of root keeps no
// service out. Errors: database_unavailable.
Result<FileDescriptor> open_lock(Layout const& layout);

// Creates `home` and the socket's directory, for `user` only. Errors: database_unavailable.
Result<void> make_server_directories(Layout const& layout, ServerUser const& user);

// Returns the process id of the server that has the data open; nullopt if there is none, even if a
// stale postmaster.pid names one.
std::optional<int> running_server(Layout const& layout);

// Removes lock files that a crash of the machine left behind and that would keep a server from
// starting: empty ones, and those whose process id now belongs to another program. Removes nothing
// while a server works on the cluster. Only the holder of `lock` may call it, if running_server
// found none.
void remove_stale_locks(Layout const& layout);

// Returns the last lines, at most `lines`, of the server's log after `offset` bytes.
std::string log_tail(Layout const& layout, std::uintmax_t offset, int lines);

}  // namespace affsync::embedded
