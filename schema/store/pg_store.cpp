// The Store on PostgreSQL: runs every request on an executor's thread.

#include <algorithm>
#include <map>

#include "base/encodings.hpp"
#include "base/random.hpp"
#include "schema/store/fence.hpp"
#include "schema/store/file_notes.hpp"
#include "schema/store/lease.hpp"
#include "schema/store/page_thinning.hpp"
#include "schema/store/page_writer.hpp"
#include "schema/store/pass_closer.hpp"
#include "schema/store/pg_error.hpp"
#include "schema/store/pg_executor.hpp"
#include "schema/store/programs.hpp"
#include "schema/store/quarantine.hpp"
#include "schema/store/registration.hpp"
#include "schema/store/run_log.hpp"
#include "schema/store/server_clock.hpp"
#include "schema/store/slice_closer.hpp"
#include "schema/store/store.hpp"
#include "schema/store/store_queries.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

constexpr int twice = 2;
// One for a report, one for the health of all streams, so that they run in parallel.
constexpr int reading_sessions = 2;

StoreOptions for_pages(StoreOptions options) {
  options.statement_timeout = std::min(options.statement_timeout, page_query_limit);
  if (!options.read_url.empty()) {
    options.url = options.read_url;
    options.clock.reset();  // the times that it has are those of the other server
  }
  return options;
}

// A write of a run, which holds the mutex of the run's writes.
template <class Job, class Write>
auto locked(std::shared_ptr<Job> job, Write write) {
  return [job = std::move(job), write](PgSession& session) {
    std::lock_guard guard(job->writes->mutex);
    return write(*job, session);
  };
}

std::string random_process() {
  return hex_of(random_bytes(16));
}

auto table_of(std::string sql, std::vector<std::optional<std::string>> parameters) {
  return [text = std::move(sql), given = std::move(parameters)](PgSession& session) {
    return read_table(session, text, given);
  };
}

class PgStore final : public Store {
 public:
  explicit PgStore(StoreOptions const& options)
      : daemon_(this_program(options, random_process())),
        command_(this_program(options, "")),
        clock_(options.clock),
        on_event_(options.on_event),
        leases_(std::make_shared<LeaseKeeper>(options)),
        executor_(options, std::max(1, options.connections)),
        readers_(for_pages(options), reading_sessions) {
    executor_.spare_while([leases = leases_] { return leases->commits_wait(); });
    executor_.on_read_only([this] { readers_.renew_sessions(); });
  }

  asio::awaitable<std::vector<SourceRegistered>> register_sources(
      std::vector<SourceRegistration> sources, std::vector<std::string> configured) override {
    auto const given = std::make_shared<std::vector<SourceRegistration> const>(std::move(sources));
    auto work = [me = is_daemon_ ? daemon_ : command_, given, names = std::move(configured)](
                    PgSession& session) { return register_all(session, me, *given, names); };
    auto all = co_await executor_.run(std::move(work), twice);
    auto& registered = all.sources;
    for (auto& one : registered) {
      for (auto& stream : one.times) {
        clock_->to_ours(stream.last_success_at);
        clock_->to_ours(stream.next_run_at);
      }
    }
    known_.clear();
    for (auto& one : all.known) {
      auto const number = one.source_id;
      known_[number] = std::make_shared<RegisteredSource const>(std::move(one));
    }
    co_return std::move(registered);
  }

  asio::awaitable<int> register_source(std::string name, std::string connector,
                                       std::string base_url) override {
    auto work = [=](PgSession& session) { return find_source(session, name, connector, base_url); };
    co_return co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<void> retire_sources_except(std::vector<std::string> names) override {
    is_daemon_ = true;
    std::vector<RegisteredSource> known;
    for (auto const& [number, source] : known_) known.push_back(*source);
    auto work = [me = daemon_, kept = std::move(names),
                 all = std::move(known)](PgSession& session) {
      claim_sources(session, me, kept);
      demand_all(session, all);
    };
    co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<void> note_troubles(DaemonTroubles troubles) override {
    daemon_.troubles = std::move(troubles);
    auto work = [me = daemon_](PgSession& session) { schema::note_troubles(session, me); };
    co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<void> leave() override {
    auto work = [me = daemon_](PgSession& session) { note_end(session, me); };
    co_await executor_.run(std::move(work));
  }

  asio::awaitable<std::unique_ptr<Lease>> try_lease(StreamId id) override {
    co_return co_await leases_->try_take(std::move(id));
  }

  std::size_t leases_held() override { return leases_->held(); }

  asio::awaitable<std::optional<LeaseHolder>> lease_holder(StreamId id) override {
    co_return co_await leases_->holder_of(std::move(id));
  }

  asio::awaitable<BlockState> load_block(BlockKey key) override {
    auto work = [wanted = std::move(key)](PgSession& session) {
      return read_block(session, wanted);
    };
    co_return co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<std::optional<SourceBlock>> save_block(BlockKey key, SourceBlock block,
                                                         Duration pause, bool goes_on) override {
    auto work = [=](PgSession& session) {
      return write_block(session, key, block, pause, goes_on);
    };
    co_return co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<void> clear_block(BlockKey key) override {
    auto work = [blocked = std::move(key)](PgSession& session) { remove_block(session, blocked); };
    co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<std::vector<int>> lift_blocks(std::vector<BlockKey> keys) override {
    auto work = [blocked = std::move(keys)](PgSession& session) {
      return schema::lift_blocks(session, blocked);
    };
    co_return co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<std::unique_ptr<Lease>> try_login(BlockKey key) override {
    auto work = [wanted = std::move(key)](PgSession& session) {
      return block_number(session, wanted);
    };
    // "(login)" cannot be the name of a stream.
    StreamId id(co_await executor_.run(std::move(work), twice), "(login)");
    co_return co_await leases_->try_take(std::move(id));
  }

  asio::awaitable<std::vector<FileNote>> note_file(StreamId id, FileNote note) override {
    auto work = [=](PgSession& session) { return schema::note_file(session, id, note); };
    co_return co_await executor_.run(std::move(work));
  }

  asio::awaitable<Pruned> prune(Retention retention, bool dry_run) override {
    if (dry_run) {
      auto count = [=](PgSession& session) { return count_prunable(session, retention); };
      co_return co_await executor_.run(std::move(count), twice);
    }
    Pruned all;
    for (;;) {
      auto work = [=](PgSession& session) { return prune_some(session, retention); };
      Pruned const some = co_await executor_.run(std::move(work), twice);
      all.runs += some.runs;
      all.quarantine += some.quarantine;
      all.alerts += some.alerts;
      if (some.runs == 0 && some.quarantine == 0 && some.alerts == 0) break;
    }
    all.months_made = co_await executor_.run(keep_months, twice);
    co_return all;
  }

  asio::awaitable<bool> fold_earnings(int most_rows) override {
    auto work = [most_rows](PgSession& session) {
      Transaction tx(session);
      SqlParams const most{std::to_string(most_rows)};
      bool const some = exec(tx, "SELECT affsync.fold_earnings($1)", most)[0][0].as<bool>();
      tx.commit();
      return some;
    };
    co_return co_await executor_.run(std::move(work));
  }

  asio::awaitable<bool> claim_for_today(std::string task) override {
    auto work = [name = std::move(task)](PgSession& session) {
      return schema::claim_for_today(session, name);
    };
    co_return co_await executor_.run(std::move(work));
  }

  asio::awaitable<StreamState> load_state(StreamId id) override {
    auto work = [wanted = std::move(id)](PgSession& session) {
      return read_state(session, wanted);
    };
    auto state = co_await executor_.run(std::move(work), twice);
    for (auto* time : {&state.cursor_at, &state.last_success_at, &state.last_full_at,
                       &state.last_full_began_at, &state.next_run_at, &state.last_finished_at}) {
      clock_->to_ours(*time);
    }
    co_return state;
  }

  asio::awaitable<RunKey> begin_run(RunStart start) override {
    std::shared_ptr<RegisteredSource const> source;
    auto const known = known_.find(start.id.source_id);
    if (known != known_.end() && known->second->created_at == start.id.created_at) {
      source = known->second;
    }
    auto work = [this, source, given = std::move(start)](PgSession& session) {
      RunStart run = given;
      run.started_at = clock_->to_server(run.started_at);
      return open_run(session, run, leases_->token_of(run.id), source.get(), on_event_);
    };
    co_return co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<PageWritten> write_page(PageWrite page) override {
    page.now = clock_->unless_corrected(page.now);
    auto job = std::make_shared<Job<PageWrite, PageWriter>>(std::move(page), runs_);
    job->writer.helped_by([this](auto other) { executor_.post(std::move(other)); });
    auto work =
        locked(job, [](auto& write, PgSession& session) { return write.writer.write(session); });
    co_return co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<PageWrite> without_known(PageWrite page) override {
    struct Thinning {
      PageWrite page;
      std::shared_ptr<RunWrites> writes;
    };
    auto job = std::make_shared<Thinning>();
    job->writes = runs_.of(page.run.run_id);
    job->page = std::move(page);
    auto work = locked(job, [](auto& one, PgSession&) { leave_out_known(one.page, *one.writes); });
    co_await executor_.run(std::move(work), twice);
    co_return std::move(job->page);
  }

  asio::awaitable<SliceClosed> close_slice(SliceClose slice) override {
    slice.now = clock_->unless_corrected(slice.now);
    auto job = std::make_shared<Job<SliceClose, SliceCloser>>(std::move(slice), runs_);
    auto work =
        locked(job, [](auto& write, PgSession& session) { return write.writer.close(session); });
    co_return co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<PassClosed> close_pass(PassClose pass) override {
    pass.now = clock_->to_server(pass.now);
    auto job = std::make_shared<Job<PassClose, PassCloser>>(std::move(pass), runs_);
    auto work =
        locked(job, [](auto& write, PgSession& session) { return write.writer.close(session); });
    co_return co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<RunEnded> end_run(RunEnd end) override {
    end.now = clock_->to_server(end.now);
    clock_->to_server(end.next_run_at);
    clock_->to_server(end.report.finished_at);
    auto job = std::make_shared<EndJob>(std::move(end), runs_);
    auto work = locked(job, [](auto& write, PgSession& session) {
      return close_run(session, write.end, write.fenced);
    });
    runs_.forget(job->end.run.run_id);  // also if it fails: nothing of the run comes afterwards
    co_return co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<std::vector<QuarantinedLine>> read_quarantined(
      StreamId id, std::optional<QuarantinePosition> after, int limit) override {
    auto work = [=](PgSession& one) { return schema::read_quarantined(one, id, after, limit); };
    co_return co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<std::vector<std::string>> changed_after(StreamId id, std::string table,
                                                          std::vector<KeyAt> keys) override {
    auto work = [=](PgSession& session) { return schema::changed_after(session, id, table, keys); };
    co_return co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<void> resolve_quarantined(RunKey run, std::vector<std::int64_t> ids,
                                            TimePoint now) override {
    auto work = [=](PgSession& session) { schema::resolve_quarantined(session, run, ids, now); };
    co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<std::vector<std::int64_t>> accept_quarantined(Acceptance acceptance) override {
    auto work = [given = std::move(acceptance)](PgSession& session) {
      return schema::accept_quarantined(session, given);
    };
    co_return co_await executor_.run(std::move(work), 1);
  }

  asio::awaitable<std::vector<StreamHealth>> health() override {
    auto work = [](PgSession& session) { return read_health(session); };
    co_return by_our_clock(co_await readers_.run(std::move(work), twice));
  }

  asio::awaitable<std::vector<StreamHealth>> standing() override {
    auto work = [](PgSession& session) { return read_standing(session); };
    // On the session of the leases, as ping(): it must be answered even while reports run.
    co_return by_our_clock(co_await leases_->executor().run(std::move(work), twice));
  }

  asio::awaitable<void> ping() override {
    auto work = [](PgSession& session) {
      Transaction(session, Transaction::Kind::statements).exec("SELECT 1");
    };
    // On the session of the leases, which is never busy for long.
    co_await leases_->executor().run(std::move(work), twice);
  }

  asio::awaitable<Table> query(std::string sql,
                               std::vector<std::optional<std::string>> parameters) override {
    auto work = table_of(std::move(sql), std::move(parameters));
    co_return co_await executor_.run(std::move(work), twice);
  }

  asio::awaitable<Table> query_for_page(
      std::string sql, std::vector<std::optional<std::string>> parameters) override {
    auto work = table_of(std::move(sql), std::move(parameters));
    co_return co_await readers_.run(std::move(work), 1);
  }

  void shut_down(std::chrono::milliseconds patience) override {
    executor_.shut_down(patience);
    readers_.shut_down(patience);
    leases_->executor().shut_down(patience);
  }

 private:
  std::vector<StreamHealth> by_our_clock(std::vector<StreamHealth> streams) const {
    for (auto& health : streams) {
      for (auto* time : {&health.last_success_at, &health.next_run_at, &health.last_finished_at,
                         &health.blocked_until}) {
        clock_->to_ours(*time);
      }
    }
    return streams;
  }

  // What a run writes in one transaction, and who writes it.
  template <class Given, class Writer>
  struct Job {
    Job(Given what, RunRegistry& runs)
        : given(std::move(what)), writes(runs.of(given.run.run_id)), writer(given, *writes) {}
    Given given;
    std::shared_ptr<RunWrites> writes;
    Writer writer;
  };

  struct EndJob {
    EndJob(RunEnd given, RunRegistry& runs)
        : end(std::move(given)), writes(runs.of(end.run.run_id)), fenced(*writes) {}
    RunEnd end;
    std::shared_ptr<RunWrites> writes;
    FencedWrite fenced;
  };

  // As which this program is known, if it is a daemon, and else. Used on the I/O thread only.
  Program daemon_;
  Program const command_;
  std::shared_ptr<ServerClock> const clock_;
  std::function<void(std::string const&)> const on_event_;
  bool is_daemon_ = false;
  std::map<int, std::shared_ptr<RegisteredSource const>> known_;  // used on the I/O thread only
  RunRegistry runs_;
  std::shared_ptr<LeaseKeeper> leases_;
  PgExecutor executor_;
  PgExecutor readers_;
};

}  // namespace

std::unique_ptr<Store> make_pg_store(StoreOptions options) {
  if (!options.clock) options.clock = std::make_shared<ServerClock>();
  return std::make_unique<PgStore>(options);
}

}  // namespace affsync::schema
