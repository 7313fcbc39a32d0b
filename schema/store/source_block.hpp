// Sources that are left alone for a while because the broker refused their login or key, as the
// database remembers them for every process that reads the same sources.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "schema/store/held_lease.hpp"

namespace affsync::schema {

namespace asio = boost::asio;

// The source that a block is about. Without its number (`check` registers nothing) it is looked up
// by its name; one that was never registered goes by a number made of the rest.
struct BlockKey {
  int source_id = 0;
  std::string name, connector, base_url, account;
  BlockKey() = default;
};

struct SourceBlock {
  std::string code;    // as in sync_run.error_code
  std::string reason;  // without credentials
  TimePoint since{}, until{};
  Duration remaining{};  // until then, by the database's clock; zero or less: over
  int refusals = 1;      // in a row
  std::string credential_hash;
  SourceBlock() = default;
};

struct BlockState {
  std::optional<SourceBlock> block;
  bool worked_before = false;    // a stream of the source was read well at some time
  std::optional<TimePoint> now;  // the database's own clock
  BlockState() = default;
};

// All throw Failure. Where the schema has no table for it, nothing is known and nothing is kept.
class BlockStore {
 public:
  virtual ~BlockStore() = default;

  virtual asio::awaitable<BlockState> load_block(BlockKey key) = 0;
  // Takes the place of an earlier one; `since` is kept where `goes_on`. Gives what is stored now;
  // nullopt when it could not be.
  virtual asio::awaitable<std::optional<SourceBlock>> save_block(BlockKey key, SourceBlock block,
                                                                 Duration pause, bool goes_on) = 0;
  virtual asio::awaitable<void> clear_block(BlockKey key) = 0;
  // The right to log in, so that two processes never try the same password at the same moment;
  // nullptr when another one has it.
  virtual asio::awaitable<std::unique_ptr<Lease>> try_login(BlockKey key) = 0;
};

class PgSession;

BlockState read_block(PgSession& session, BlockKey const& key);
std::optional<SourceBlock> write_block(PgSession& session, BlockKey const& key,
                                       SourceBlock const& block, Duration pause, bool goes_on);
void remove_block(PgSession& session, BlockKey const& key);
// The number under which the block of a source stands; see BlockKey.
int block_number(PgSession& session, BlockKey const& key);

}  // namespace affsync::schema
