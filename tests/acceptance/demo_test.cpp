// What scripts/demo.sh plays with affsync-player: sources of config/demo/brokers.yaml, whose
// figures are those of the fixtures, once for each day.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/acceptance/fixture.hpp"
#include "tests/support/places/places.hpp"
#include "tests/support/process.hpp"

namespace affsync::test::demo_test {
namespace {

namespace fs = std::filesystem;

constexpr int days = 10;

std::string text_of(std::string const& file) {
  std::ifstream in(in_source(file));
  return {std::istreambuf_iterator<char>(in), {}};
}

class Demo : public Acceptance {
 protected:
  // Plays the broker of a connector and returns its address.
  std::string play(std::string const& name) {
    ProcessOptions options;
    options.program = in_build("affsync-player");
    options.arguments = {"--connector", name,
                         "--fixtures",  in_source("tests/fixtures/" + name).string(),
                         "--days",      std::to_string(days)};
    players_.push_back(std::make_unique<Process>(std::move(options)));
    auto const line = players_.back()->wait_for_line("listening on ");
    return line.substr(std::string("listening on ").size());
  }

  static std::string day_before(int back) {
    auto const today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    std::chrono::year_month_day const date(today - std::chrono::days(back));
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text;
  }

  void configure_demo() {
    auto sources = text_of("config/demo/brokers.yaml");
    auto const set = [&](std::string const& name, std::string const& value) {
      auto const mark = "@" + name + "@";
      for (auto at = sources.find(mark); at != std::string::npos; at = sources.find(mark, at)) {
        sources.replace(at, mark.size(), value);
      }
    };
    for (auto const* name : {"bybit", "hfm", "cellxpert", "awin", "everflow"}) {
      set(name, play(name));
    }
    set("recent", day_before(days + 1));
    fs::create_directories(dir_.path() / "inbox");
    auto const file =
        dir_.write("inbox/commissions.csv",
                   "Id;Client;Day;Amount\nP-1;C-1;05.11.2026;1.250,50\nP-2;C-2;06.11.2026;-0,50\n"
                   "Total;;;1.250,00\n");
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
    set("inbox", (dir_.path() / "inbox").string());
    dir_.write("affsync.yaml", "database: {url: \"" + database_url() +
                                   "\"}\nconnectors_dir: " + in_source().string() +
                                   "/config/demo/connectors\nsources:\n" + sources);
  }

  std::string sums(std::string const& source) const {
    return query(
        "select string_agg(stream || ' ' || currency || ' ' || trim_scale(total) || ' in ' || rows,"
        " ', ' order by stream, currency) from (select stream, currency, sum(amount) as total,"
        " count(*) as rows from affsync.commission join affsync.source using (source_id)"
        " where source.name = '" +
        source + "' and deleted_at is null group by stream, currency) as sums");
  }
  std::string count(std::string const& table, std::string const& source) const {
    return query(
        "select count(*) from affsync." + table +
        " join affsync.source using (source_id) where deleted_at is null and source.name = '" +
        source + "'");
  }

  std::vector<std::unique_ptr<Process>> players_;
};

TEST_F(Demo, PlayedBrokersAreReadAsTheirFixturesSay) {
  configure_demo();
  auto const first = sync();
  EXPECT_EQ(first.status, 0) << first.out << first.err;

  // 0.00835765 and 3.1648939 USDT, 2.35583601 MNT on each of ten days; a sub-affiliate's 0.005 BTC,
  // 0.2 ETH, 40 MNT, 100 USDC and 400 USDT.
  EXPECT_EQ(sums("bybit"),
            "commissions MNT 23.5583601 in 10, commissions USDT 31.7325155 in 20, "
            "sub_affiliates BTC 0.05 in 10, sub_affiliates ETH 2 in 10, "
            "sub_affiliates MNT 400 in 10, sub_affiliates USDC 1000 in 10, "
            "sub_affiliates USDT 4000 in 10");
  EXPECT_EQ(count("client", "bybit"), "2");
  EXPECT_EQ(count("trading_account", "hfm"), "2");
  // 90.00 and -12.50 on each day.
  EXPECT_EQ(sums("brand-on-cellxpert"), "commissions USD 775 in 20");
  EXPECT_EQ(count("client", "brand-on-cellxpert"), "1");
  EXPECT_EQ(query("select sum(clicks) || ' ' || sum(first_deposits) from affsync.metric"),
            "24800 2190");
  // 5.59 and 2.5, and 3 USD and 12.5 EUR.
  EXPECT_EQ(sums("awin"), "transactions GBP 80.9 in 20");
  EXPECT_EQ(sums("network-on-everflow"), "conversions EUR 125 in 10, conversions USD 30 in 10");
  // 1,250.50 less 0.50.
  EXPECT_EQ(sums("portal"), "commissions USD 1250 in 2");
  for (auto const& player : players_) {
    EXPECT_EQ(player->err().find("wrong request"), std::string::npos) << player->err();
  }

  auto const again = sync();
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
}

}  // namespace
}  // namespace affsync::test::demo_test
