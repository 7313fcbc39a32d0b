// Named points at which a test kills the process as a power failure would: SIGKILL, no destructors,
// nothing flushed. AFFSYNC_CRASH_AT=page_committed:3 in the environment means the third time that
// any stream passes this point; without a number, the first time.
//
// Does nothing unless the CMake option AFFSYNC_CRASH_POINTS is on; release builds have it off. May
// be called from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace affsync {

enum class CrashPoint : unsigned char {
  cluster_made,         // the embedded server has its directory and is not started yet
  server_started,       // it answers; the database may not exist yet
  migration_locked,     // the lock is held; nothing was checked yet
  migration_applying,   // a file's statements are done, not committed
  migration_committed,  // between two files
  views_applying,       // the views are created, not committed
  views_committed,      //
  source_registering,   // written, not committed
  streams_registered,   // all streams of a source
  lease_taken,          // the run does not exist yet
  run_beginning,        // the run's row is written, not committed
  run_begun,            //
  logged_in,            // with a token, before the first request for data
  login_refused,        // the database knows it; the run has not ended
  page_received,        // an answer arrived and was not parsed yet
  merged_ahead,         // one of two sessions has committed its half of the page's changes
  page_entered,         // in the page's transaction, nothing written
  rows_copied,          // changed rows are in the temporary table
  rows_written,         // rows and change records are written, the checkpoint is not
  page_noted,           // everything of the page is written, not committed
  page_committed,       // the caller does not know it yet
  page_stored,          // the next request may be under way
  slice_entered,        // in the transaction that ends a slice, nothing written
  slice_marked,         // missed rows are recorded
  slice_noted,          // everything is written, not committed
  slice_committed,      //
  pass_entered,         // in the transaction that ends a pass, nothing written
  pass_marked,          // vanished rows are marked
  pass_committed,       //
  run_ending,           // everything is read; the run is still open
  run_noted,            // the run's end is written, not committed
  run_ended,            // committed
  lease_returned,       //
  file_stored,          // all rows of a file are; nothing says yet that it was read
  file_noted,           // the database knows it; the file is still in its folder
  file_moved,           // it is out of the way
  reload_begun,         // SIGHUP arrived
  reload_read,          // the new configuration is active; the database does not know it yet
  schedule_taking,      // the daemon's sources are in the database; none is scheduled yet
  reload_done,          //
  daemon_stopping,      // runs are being cancelled
  alert_taken,          // a message is leased and not sent yet
  alert_sent,           // a message was sent; the database does not know it yet
};

inline constexpr std::array crash_point_names{
    std::string_view("cluster_made"),        std::string_view("server_started"),
    std::string_view("migration_locked"),    std::string_view("migration_applying"),
    std::string_view("migration_committed"), std::string_view("views_applying"),
    std::string_view("views_committed"),     std::string_view("source_registering"),
    std::string_view("streams_registered"),  std::string_view("lease_taken"),
    std::string_view("run_beginning"),       std::string_view("run_begun"),
    std::string_view("logged_in"),           std::string_view("login_refused"),
    std::string_view("page_received"),       std::string_view("merged_ahead"),
    std::string_view("page_entered"),        std::string_view("rows_copied"),
    std::string_view("rows_written"),        std::string_view("page_noted"),
    std::string_view("page_committed"),      std::string_view("page_stored"),
    std::string_view("slice_entered"),       std::string_view("slice_marked"),
    std::string_view("slice_noted"),         std::string_view("slice_committed"),
    std::string_view("pass_entered"),        std::string_view("pass_marked"),
    std::string_view("pass_committed"),      std::string_view("run_ending"),
    std::string_view("run_noted"),           std::string_view("run_ended"),
    std::string_view("lease_returned"),      std::string_view("file_stored"),
    std::string_view("file_noted"),          std::string_view("file_moved"),
    std::string_view("reload_begun"),        std::string_view("reload_read"),
    std::string_view("schedule_taking"),     std::string_view("reload_done"),
    std::string_view("daemon_stopping"),     std::string_view("alert_taken"),
    std::string_view("alert_sent"),
};
static_assert(crash_point_names.size() == std::size_t(CrashPoint::alert_sent) + 1);

#ifdef AFFSYNC_CRASH_POINTS
inline constexpr bool crash_points_built = true;
// Kills the process if AFFSYNC_CRASH_AT selects this call. An unknown name ends the process with
// status 2 and a message, so that a test does not wait forever.
void crash_point(CrashPoint point) noexcept;
// Returns true if AFFSYNC_FAIL_TASK names this task of the daemon.
bool daemon_task_shall_fail(std::string_view name) noexcept;
#else
inline constexpr bool crash_points_built = false;
constexpr void crash_point(CrashPoint) noexcept {}
constexpr bool daemon_task_shall_fail(std::string_view) noexcept {
  return false;
}
#endif

}  // namespace affsync
