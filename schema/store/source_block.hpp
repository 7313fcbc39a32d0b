// Blocks of sources: after a broker refused a login or key, no process that shares the database
// sends requests to the source for a while.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "schema/store/held_lease.hpp"

namespace affsync::schema {

namespace asio = boost::asio;

// The source of a block. Without source_id (`check` registers nothing) it is looked up by its name;
// a source that was never registered gets a number computed from connector, base_url and account.
struct BlockKey {
  int source_id = 0;
  std::string name, connector, base_url, account;
  // The credentials may be others than those that the source is read with. A block of theirs has a
  // number of its own, so that nobody takes the source for blocked but the next trial.
  bool of_trial = false;
  BlockKey() = default;
};

struct SourceBlock {
  std::string code;    // as in sync_run.error_code
  std::string reason;  // without credentials
  TimePoint since{}, until{};
  Duration remaining{};  // time to `until` by the database's clock; zero or less: expired
  int refusals = 1;      // in a row
  std::string credential_hash;
  SourceBlock() = default;
};

struct BlockState {
  std::optional<SourceBlock> block;
  bool worked_before = false;    // a run of the source has succeeded before
  std::optional<TimePoint> now;  // the database's own clock
  BlockState() = default;
};

// All throw Failure. If the schema has no table for blocks, nothing is found and nothing is stored.
class BlockStore {
 public:
  virtual ~BlockStore() = default;

  virtual asio::awaitable<BlockState> load_block(BlockKey key) = 0;
  // Replaces an earlier block; with `goes_on` it keeps its `since`. Returns the stored block;
  // nullopt if there is no table for it.
  virtual asio::awaitable<std::optional<SourceBlock>> save_block(BlockKey key, SourceBlock block,
                                                                 Duration pause, bool goes_on) = 0;
  virtual asio::awaitable<void> clear_block(BlockKey key) = 0;
  // Takes the exclusive lease to log in, so that two processes never try the same password at the
  // same time; nullptr if another process holds it.
  virtual asio::awaitable<std::unique_ptr<Lease>> try_login(BlockKey key) = 0;
};

class PgSession;

BlockState read_block(PgSession& session, BlockKey const& key);
std::optional<SourceBlock> write_block(PgSession& session, BlockKey const& key,
                                       SourceBlock const& block, Duration pause, bool goes_on);
void remove_block(PgSession& session, BlockKey const& key);
// For registered sources: ends the pauses. That a login was refused stays noted until one is
// accepted. Returns the sources of which that holds; their streams are due.
std::vector<int> lift_blocks(PgSession& session, std::vector<BlockKey> const& keys);
// Returns the number under which the block of a source is stored; see BlockKey.
int block_number(PgSession& session, BlockKey const& key);

}  // namespace affsync::schema
