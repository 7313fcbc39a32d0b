// What the process takes of the machine: open files, and memory that it no longer needs.
#pragma once

#include <cstddef>

namespace affsync {

// Raises the soft limit of open files to the hard one, which the process may do by itself. Returns
// the limit.
std::size_t raise_file_limit();

// How many runs of streams may go on at once with so many open files. A run has up to two
// connections to its broker; some files remain for the database, the pages and the programs that a
// login starts. More runs than this bound would not read faster, but hold more pages in memory.
std::size_t runs_at_once(std::size_t open_files);

// Returns `threads`, once so many could be started at once. Throws Failure with what to do if the
// system starts no more. To be asked before a thread pool is made: the one of Boost 1.81 waits for
// ever for the threads that it could start.
std::size_t startable_threads(std::size_t threads);

// Makes the allocator return each block of a megabyte and more to the system when it is freed, such
// as the text of the metrics of a thousand sources. For a process that runs for long.
void return_large_blocks();

// Gives freed memory back to the system. The allocator keeps it otherwise: after the first passes
// of a thousand sources, most of what the process holds.
void release_memory();

}  // namespace affsync
