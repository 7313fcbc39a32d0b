#include "daemon/cli/first_page.hpp"

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>

namespace affsync::cli {
namespace {

namespace asio = boost::asio;

// Pages that `inspect` reads before it reports that there are no rows.
constexpr int most_pages = 60;

asio::awaitable<Result<FirstPage>> look(sync::StreamTask const& task, engine::ReaderStart start,
                                        Clock const& clock, int pages, RunReport& report) {
  engine::StreamReader reader(task.plan, start);
  FirstPage page;
  for (int i = 0; i < pages; ++i) {
    auto request = reader.next_request();
    if (!request) break;
    page.request = task.session->withhold_secrets(task.session->place_of(*request));
    page.asked = reader.asked_for();
    auto answer = co_await task.fetch(std::move(*request), report);
    if (answer && answer->refusal) answer = Error(*answer->refusal);
    if (!answer) {
      if (reader.on_refusal(answer.error())) continue;
      co_return answer.error();
    }
    auto read = reader.on_answer(*answer, clock.now());
    if (!read) {
      Error error = read.error();
      error.at(page.request).in(task.source(), task.stream());
      task.session->withhold_secrets(error);
      co_return error;
    }
    answer->place.reset();  // what is shown keeps no other stream from being looked at
    page.answer = std::move(*answer);
    page.read = std::move(*read);
    std::ranges::copy(report.remarks, std::back_inserter(page.read.remarks));
    auto const& end = page.read.slice_end;
    if (end && end->doubt && page.read.rows_read > 0) {
      auto& remarks = page.read.remarks;
      auto doubt = task.session->withhold_secrets(end->doubt->text);
      // Rows of other days are remarked on before the list has ended.
      if (std::ranges::find(remarks, doubt) == remarks.end()) remarks.push_back(std::move(doubt));
    }
    if (page.read.rows_read > 0) break;
  }
  co_return page;
}

}  // namespace

asio::awaitable<Result<FirstPage>> fetch_first_page(sync::StreamTask task, Clock const& clock,
                                                    bool until_found, RunReport& report) {
  report.source = task.source();
  report.stream = task.stream();
  engine::ReaderStart start;
  start.mode = engine::ReadMode::full;
  start.now = clock.now();
  start.items = task.items;
  if (auto const& window = task.plan->spec->window) {
    // Begin with the newest slice, since the oldest slices are often empty.
    start.since =
        std::chrono::floor<std::chrono::days>(start.now) - std::chrono::days(window->span_days - 1);
  }
  auto recent = co_await look(task, start, clock, 1, report);
  bool const enough = !recent || recent->read.rows_read > 0 || !until_found;
  if (enough) co_return recent;
  start.since.reset();
  co_return co_await look(task, start, clock, most_pages, report);
}

asio::awaitable<Result<FirstPage>> fetch_day(sync::StreamTask task, Clock const& clock, Day day,
                                             RunReport& report) {
  engine::ReaderStart start;
  start.mode = engine::ReadMode::full;
  start.now = clock.now();
  start.items = task.items;
  start.since = start.until = day;
  co_return co_await look(task, start, clock, 1, report);
}

}  // namespace affsync::cli
