// Requests of a stream that overlap: a real server holds its answers until several are pending.
#include <algorithm>
#include <csignal>
#include <random>
#include <set>

#include "tests/acceptance/held_broker.hpp"
#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::ahead_test {
namespace {

std::string refusal(std::string const& status, std::string const& header = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: 2\r\nContent-Type: application/json\r\n" +
         header + "\r\n{}";
}

class Ahead : public Acceptance {
 protected:
  static constexpr int page = 10;

  void open(std::string const& page_yaml, std::string const& more_yaml = "",
            std::string const& auth = "auth: {type: none}") {
    auto form = [this](std::string const& request) { return answer(request); };
    held_ = std::make_unique<HeldBroker>(form, [this](std::string const& target) {
      return target.starts_with("/login") || is_free(target);
    });
    connector = "held";
    credentials_yaml = auth.find("credentials") == std::string::npos ? "{}" : "{key: planted-key}";
    base_url = held_->url();
    rate_limit_yaml = "{requests_per_second: 1000, burst: 1000, concurrency: 3}";
    std::string text = "name: held\ntitle: A list that is held\n";
    if (credentials_yaml != "{}") text += "credentials: {key: {description: any}}\n";
    text += auth + "\nstreams:\n";
    for (auto const& stream : streams_) {
      text += "  " + stream + ":\n    table: commission\n    path: /" + stream +
              "\n    records: data\n    key: id\n    map: {amount: amount, occurred_on: day}\n" +
              "    page: " + page_yaml + "\n" + more_yaml;
    }
    use_connector("held", text);
  }
  void fill(int count) {
    for (int i = 0; i < count; ++i) ids_.push_back("r" + std::to_string(i));
  }

  std::string answer(std::string const& request) {
    auto const begin = request.find(' ') + 1;
    auto const target = request.substr(begin, request.find(' ', begin) - begin);
    if (auto special = refuse_ ? refuse_(request, target) : std::string(); !special.empty()) {
      return special;
    }
    if (change_) change_();
    auto const offset = begin_of(target);
    auto const from = std::min<std::size_t>(offset, ids_.size());
    auto const day = parameter_of(target, "from"), value = parameter_of(target, "u");
    std::string body = R"({"data":[)";
    for (auto i = from; i < std::min<std::size_t>(ids_.size(), from + page); ++i) {
      body += (i > from ? "," : "") +
              (R"({"id":")" + ids_[i] + day + value + R"(","amount":1.10,"day":")");
      body += (day.empty() ? "2026-03-01" : day) + "\"}";
    }
    return answer_of(body + R"(],"count":)" + std::to_string(ids_.size()) + "}");
  }
  static std::size_t begin_of(std::string const& target) {
    if (auto const text = parameter_of(target, "offset"); !text.empty()) return std::stoul(text);
    auto const number = parameter_of(target, "page");
    return number.empty() ? 0 : (std::stoul(number) - 1) * page;
  }
  // The first two pages of each list are requested before the others.
  bool is_free(std::string const& target) const {
    if (auto const day = parameter_of(target, "from"); !day.empty()) return day == "2026-03-01";
    return begin_of(target) < free_below_;
  }
  std::vector<std::string> sorted_targets() const {
    auto targets = held_->targets();
    std::ranges::sort(targets);
    return targets;
  }
  void expect_rows(int count) const {
    EXPECT_EQ(query("select count(*) || ' ' || coalesce(sum(amount), 0) from affsync.commission"
                    " where deleted_at is null"),
              std::to_string(count) + " " + (count == 96 ? "105.60" : "102.30"));
  }

  std::size_t free_below_ = page + 1;
  std::vector<std::string> streams_{"rows"};
  std::vector<std::string> ids_;
  std::function<std::string(std::string const& request, std::string const& target)> refuse_;
  std::function<void()> change_;
  std::unique_ptr<HeldBroker> held_;
};

constexpr auto offset_yaml = "{type: offset, size: 10, total: count}";

// Pages at 0, 9, … 90: the last one has six rows.
TEST_F(Ahead, pages_of_a_list_with_a_total_overlap) {
  fill(96);
  open(offset_yaml);
  held_->hold(3, 9);
  auto const synced = sync();
  ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_FALSE(held_->timed_out()) << "the requests came one by one";
  EXPECT_EQ(held_->most_pending(), 3);
  std::vector<std::string> wanted;
  for (int i = 0; i <= 90; i += 9) wanted.push_back("/rows?limit=10&offset=" + std::to_string(i));
  std::ranges::sort(wanted);
  EXPECT_EQ(sorted_targets(), wanted);
  EXPECT_EQ(synced.count("rows", "requests"), 11);
  EXPECT_EQ(synced.count("rows", "inserted"), 96);
  expect_rows(96);
  auto const again = sync({"--full"});
  EXPECT_EQ(again.count("rows", "unchanged"), 96);
}

// Each value's list has two pages, and only its first answer says so.
TEST_F(Ahead, lists_of_several_values_are_asked_for_once) {
  fill(15);
  open("{type: page, limit: n, size: 10, total: count}",
       "    for_each: {values: [a, b, c, d, e, f, g, h, i, j, k, l], as: u}\n");
  for (int pass = 1; pass <= 2; ++pass) {
    auto const synced = sync();
    ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
    EXPECT_EQ(synced.count("rows", "requests"), 24);
    std::map<std::string, int> times;
    for (auto const& target : held_->targets()) ++times[target];
    EXPECT_EQ(times.size(), 24U);
    for (auto const& [target, count] : times) EXPECT_EQ(count, pass) << target;
  }
}

TEST_F(Ahead, numbered_pages_with_a_total_overlap) {
  fill(96);
  open("{type: page, limit: n, size: 10, total: count}");
  held_->hold(3, 8);
  auto const synced = sync();
  ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_FALSE(held_->timed_out());
  EXPECT_EQ(held_->most_pending(), 3);
  EXPECT_EQ(held_->targets().size(), 10u);
  expect_rows(96);
}

// 31 days with three rows each, one request a day.
TEST_F(Ahead, slices_of_a_window_overlap) {
  fill(3);
  open(offset_yaml,
       "    window: {from: from, to: to, span: 1d, start: 2026-01-01, column: occurred_on}\n");
  held_->hold(3, 30);
  auto const synced = sync({"--since", "2026-03-01", "--until", "2026-03-31"});
  ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_FALSE(held_->timed_out());
  EXPECT_EQ(held_->most_pending(), 3);
  EXPECT_EQ(held_->targets().size(), 31u);
  expect_rows(93);
}

TEST_F(Ahead, streams_share_the_concurrency) {
  fill(96);
  streams_ = {"rows", "others"};
  open(offset_yaml);
  held_->hold(3, 18);
  auto const synced = sync();
  ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_FALSE(held_->timed_out());
  EXPECT_EQ(held_->most_pending(), 3);
  EXPECT_EQ(held_->targets().size(), 22u);
}

TEST_F(Ahead, one_request_at_a_time_if_the_user_says_so) {
  fill(96);
  open(offset_yaml);
  rate_limit_yaml = "{requests_per_second: 1000, burst: 1000, concurrency: 1}";
  auto const synced = sync();
  ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(held_->most_pending(), 1);
  EXPECT_EQ(held_->targets().size(), 11u);
  expect_rows(96);
}

// Without a count a row could be missed, so the next request waits for the answer.
TEST_F(Ahead, a_list_without_a_total_is_read_page_by_page) {
  fill(96);
  open("{type: offset, size: 10}");
  auto const synced = sync();
  ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(held_->most_pending(), 1);
  expect_rows(96);
}

TEST_F(Ahead, throttled_in_the_middle) {
  fill(96);
  open(offset_yaml);
  int refused = 0;
  refuse_ = [&](std::string const&, std::string const& target) {
    bool const now = begin_of(target) == 27 && ++refused == 1;
    return now ? refusal("429 Too Many Requests", "Retry-After: 1\r\n") : "";
  };
  held_->hold(3, 9 + 1);
  auto const synced = sync();
  ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(synced.count("rows", "throttled"), 1);
  EXPECT_EQ(synced.count("rows", "retries"), 0);
  EXPECT_EQ(held_->targets().size(), 11u + 1u);
  expect_rows(96);
}

// All three requests under way are refused with the old token.
TEST_F(Ahead, a_token_that_expires_in_the_middle_costs_one_login) {
  fill(96);
  open(offset_yaml, "",
       "auth: {type: login_token, login: {path: /login, json: {key: \"${credentials.key}\"}},"
       " token: token, value: \"Token ${token}\"}");
  int logins = 0, refused = 0;
  refuse_ = [&](std::string const& request, std::string const& target) -> std::string {
    if (target == "/login") {
      return answer_of(R"({"token":"t)" + std::to_string(++logins) + "\"}");
    }
    bool const is_old = begin_of(target) >= 45 && request.find("Token t1") != std::string::npos;
    refused += is_old;
    return is_old ? refusal("401 Unauthorized") : "";
  };
  held_->hold(3, 9 + 3);
  auto const synced = sync();
  ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(logins, 2);
  EXPECT_EQ(refused, 3);
  expect_rows(96);
}

// A refused key is shown once more, by one of the requests under way.
TEST_F(Ahead, a_key_that_is_refused_in_the_middle_is_shown_once_more) {
  fill(96);
  open(offset_yaml, "", "auth: {type: static_token, value: \"Bearer ${credentials.key}\"}");
  int refused = 0;
  refuse_ = [&](std::string const&, std::string const& target) -> std::string {
    if (begin_of(target) < 45) return "";
    ++refused;
    return refusal("401 Unauthorized");
  };
  held_->hold(3, 9, std::chrono::milliseconds(300));
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("rows", "error_code"), "auth_invalid") << synced.out;
  EXPECT_EQ(refused, 3 + 1);
}

// The pages from row 54 on are never answered.
TEST_F(Ahead, killed_with_requests_under_way) {
  fill(96);
  free_below_ = 54;
  open(offset_yaml);
  configure();
  held_->hold(99, 99);
  auto const process = start({"sync"});
  ASSERT_TRUE(held_->wait_for_held(3));
  // What was read is stored while the others are awaited.
  wait_until("select count(*) >= 40 from affsync.commission", "t");
  process->signal(SIGKILL);
  process->wait();
  held_->answer_all();
  held_->forget_targets();
  ASSERT_EQ(sync().status, 0);
  EXPECT_NE(held_->targets().front(), "/rows?limit=10&offset=0") << "it did not resume";
  expect_rows(96);
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
}

TEST_F(Ahead, interrupted_with_requests_under_way) {
  fill(96);
  free_below_ = 54;
  open(offset_yaml);
  configure();
  held_->hold(99, 99, std::chrono::seconds(90));
  auto const process = start({"sync", "--output", "json"});
  ASSERT_TRUE(held_->wait_for_held(3));
  process->signal(SIGINT);
  EXPECT_EQ(process->wait(Process::Seconds(5)), 130);
  EXPECT_NE(process->out().find("\"cancelled\""), std::string::npos) << process->out();
  held_->answer_all();
  ASSERT_EQ(sync().status, 0);
  expect_rows(96);
}

// Rows come and go at every place while answers are formed in the reverse order. What stays is read
// by each pass, and a pass over the list at rest finds the rest.
TEST_F(Ahead, a_list_that_moves_loses_nothing) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ids_.clear();
    fill(96);
    free_below_ = 0;
    open(offset_yaml);
    std::mt19937 random(seed);
    auto const pick = [&](std::size_t most) {
      return std::uniform_int_distribution<std::size_t>(0, most)(random);
    };
    auto const initial = ids_;
    std::set<std::string> gone;
    int made = 0, changes = 0;
    change_ = [&] {
      if (++changes > 40 || pick(1) == 0) return;
      if (pick(1) == 0) {
        auto const row = ids_.begin() + static_cast<std::ptrdiff_t>(pick(ids_.size() - 1));
        gone.insert(*row);
        ids_.erase(row);
      } else {
        auto const place = static_cast<std::ptrdiff_t>(pick(3) == 0 ? pick(ids_.size()) : 0);
        ids_.insert(ids_.begin() + place, "n" + std::to_string(made++));
      }
    };
    // How many requests there will be is not known, so a hold ends soon.
    held_->hold(3, 1'000'000, std::chrono::milliseconds(50));
    auto const moving = sync();
    EXPECT_NE(moving.of("rows", "status"), "failed") << moving.out;
    std::set<std::string> stored;
    for (auto const& row : rows("select external_id from affsync.commission")) {
      stored.insert(row.at(0));
    }
    std::string missing;
    for (auto const& id : initial) {
      if (!gone.contains(id) && !stored.contains(id)) missing += " " + id;
    }
    EXPECT_EQ(missing, "");
    change_ = nullptr;
    held_->answer_all();
    for (int i = 0; i < 2; ++i) EXPECT_EQ(sync({"--full"}).status, 0);
    // Rows of one day only: which of them vanished is not known without `keeps`, so none is marked.
    std::set<std::string> live;
    for (auto const& row :
         rows("select external_id from affsync.commission where deleted_at is null")) {
      live.insert(row.at(0));
    }
    for (auto const& id : ids_) EXPECT_TRUE(live.contains(id)) << id;
    renew_database();
  }
}

}  // namespace
}  // namespace affsync::test::ahead_test
