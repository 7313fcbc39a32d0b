// Reads files into a stream: one file, or what lies in the folder of a source.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/day_span.hpp"
#include "daemon/sync/stream_run.hpp"

namespace affsync::sync {

struct FileRead {
  RunReport report;
  std::optional<DaySpan> days;     // the period of the file, given or found in it
  std::vector<std::string> notes;  // what the user should know, such as an overlap with other files
};

// Reads one file. Its period is that of `options`, where it says so, else that of its rows.
// Failures are in the report, never thrown.
asio::awaitable<FileRead> run_file(StreamTask task, std::filesystem::path path, RunOptions options,
                                   RunParts parts, Logger log);

// After the last of several files that were read: if something about the stream is in doubt that
// none of them has put right, its state says so. Throws what find_standing_doubt() throws.
asio::awaitable<void> note_standing_doubt(StreamTask task, RunParts parts, Logger log);

// Runs the stream once: reads it from the broker, or the files that fit it in the folder of its
// source. What was read moves to the subfolder `done`, what cannot be read to `failed`, with a text
// beside it that says why; a dry run moves nothing. A file whose move was interrupted is read once
// more, which changes nothing.
asio::awaitable<RunReport> run_task(StreamTask task, RunOptions options, RunParts parts,
                                    Logger log);

}  // namespace affsync::sync
