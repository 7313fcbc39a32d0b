#include "daemon/serve/query_lane.hpp"

#include <utility>

namespace affsync::serve {

using std::chrono::steady_clock;

struct QueryLane::State {
  // A query whose turn has not come. Only who waits for it holds its call.
  struct Waiting {
    std::weak_ptr<Call> call;
    PageQuery query;
  };

  State(asio::any_io_executor its_executor, schema::Store& its_store, Clock const& its_clock)
      : executor(std::move(its_executor)), store(its_store), clock(its_clock) {}

  asio::any_io_executor executor;
  schema::Store& store;
  Clock const& clock;
  std::deque<Waiting> pages, reports;
  std::shared_ptr<Call> running;
  PageQuery running_query;

  static void drop_left(std::deque<Waiting>& queue) {
    std::erase_if(queue, [](Waiting const& one) { return one.call.expired(); });
  }

  // Takes the next query that somebody waits for; null if there is none.
  std::shared_ptr<Call> take_next() {
    for (auto* const queue : {&pages, &reports}) {
      while (!queue->empty()) {
        auto const call = queue->front().call.lock();
        if (call) running_query = std::move(queue->front().query);
        queue->pop_front();
        if (call) return call;
      }
    }
    return nullptr;
  }

  static asio::awaitable<Result> run(std::shared_ptr<State> state, PageQuery query) {
    auto const began = steady_clock::now();
    auto table =
        co_await state->store.query_for_page(std::move(query.sql), std::move(query.parameters));
    Result result;
    result.table = std::make_shared<schema::Store::Table const>(std::move(table));
    result.at = state->clock.now();
    result.took = steady_clock::now() - began;
    co_return result;
  }

  // Begins the next query unless one is running.
  static void go_on(std::shared_ptr<State> const& state) {
    if (state->running) return;
    state->running = state->take_next();
    if (!state->running) return;
    auto ended = [state] {
      state->running.reset();
      go_on(state);
    };
    Call::begin(state->running, state->executor, run(state, state->running_query),
                std::move(ended));
  }

  static std::shared_ptr<Call> add(std::shared_ptr<State> const& state, std::deque<Waiting>& queue,
                                   PageQuery query) {
    drop_left(queue);
    auto call = std::make_shared<Call>();
    queue.push_back(Waiting{call, std::move(query)});
    go_on(state);
    return call;
  }
};

QueryLane::QueryLane(asio::any_io_executor executor, schema::Store& store, Clock const& clock)
    : state_(std::make_shared<State>(std::move(executor), store, clock)) {}

// What is running still holds the state; nothing begins after it.
QueryLane::~QueryLane() {
  state_->pages.clear();
  state_->reports.clear();
}

std::shared_ptr<QueryLane::Call> QueryLane::ask(PageQuery query) {
  return State::add(state_, state_->pages, std::move(query));
}

std::shared_ptr<QueryLane::Call> QueryLane::ask_report(PageQuery query) {
  auto& reports = state_->reports;
  State::drop_left(reports);
  if (state_->running && state_->running_query == query) return state_->running;
  for (auto const& one : reports) {
    if (one.query == query) return one.call.lock();
  }
  if (reports.size() >= most_of_reports) {
    throw Failure(ErrorCode::throttled, "too many other reports are waiting for the database",
                  "Reports are made one after another; ask again in a few seconds, or for fewer "
                  "different ones at once.");
  }
  return State::add(state_, reports, std::move(query));
}

}  // namespace affsync::serve
