// New rows are copied in PostgreSQL's binary format. What it stores must be what it would have made
// of the text, to the last digit.
#include <gtest/gtest.h>

#include <pqxx/connection>
#include <pqxx/transaction>
#include <random>

#include "schema/store/copy_writer.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::copied_rows_test {
namespace {

class CopiedRows : public StoreTest {
 protected:
  // Copies the texts into a table of its own, once in each format; returns those of which the two
  // values are not the same byte for byte.
  std::vector<Cells> differing(BinaryType type, std::string const& name,
                               std::vector<std::string> const& texts) {
    pqxx::connection connection(url);
    pqxx::work tx(connection);
    tx.exec("SET LOCAL timezone = 'Asia/Kolkata'; SET LOCAL datestyle = 'SQL, DMY'");
    for (std::string const table : {"binary_rows", "text_rows"}) {
      tx.exec("CREATE TABLE public." + table + " (n integer, constant integer, v " + name + ")");
      CopyWriter writer(
          tx, "public." + table,
          {{"n", BinaryType::integer}, {"v", type}, {"constant", BinaryType::integer}},
          table == "binary_rows" ? WireFormat::binary : WireFormat::text);
      auto const rest = writer.encode(2, {"7"});
      for (std::size_t i = 0; i < texts.size(); ++i) {
        writer.cell(std::to_string(i).c_str());
        writer.cell(i % 10 == 9 ? nullptr : texts[i].c_str());
        writer.end_row(rest);
      }
      writer.complete();
    }
    tx.commit();
    auto const sent = name == "timestamptz" ? std::string("timestamptz_send") : name + "_send";
    EXPECT_EQ(sql_value(url,
                        "SELECT count(*) FROM public.binary_rows b"
                        " JOIN public.text_rows t USING (n) WHERE b.constant = 7"),
              std::to_string(texts.size()));
    return sql(url,
               "SELECT t.n, b.v::text, t.v::text FROM public.binary_rows b"
               " JOIN public.text_rows t USING (n)"
               " WHERE b.v::text IS DISTINCT FROM t.v::text OR " +
                   sent + "(b.v) IS DISTINCT FROM " + sent +
                   "(t.v) OR pg_column_size(b.v) IS DISTINCT FROM pg_column_size(t.v)");
  }

  std::mt19937 random_{20261126};
  int up_to(int most) { return std::uniform_int_distribution<>(0, most)(random_); }
};

TEST_F(CopiedRows, NumbersAreThoseOfTheirText) {
  std::vector<std::string> texts;
  for (int i = 0; i < 20000; ++i) {
    std::string text = up_to(2) == 0 ? "-" : "";
    // Many zeros, because they are what a form to the base of 10,000 leaves out.
    auto const digits = [&](int count) {
      while (count-- > 0) text += up_to(1) == 0 ? '0' : static_cast<char>('0' + up_to(9));
    };
    digits(1 + up_to(up_to(9) == 0 ? 60 : 9));
    if (up_to(3) > 0) {
      text += '.';
      digits(1 + up_to(up_to(9) == 0 ? 60 : 9));
    }
    texts.push_back(text);
  }
  texts.push_back(std::string(1000, '9') + "." + std::string(1000, '1'));
  EXPECT_EQ(differing(BinaryType::numeric, "numeric", texts), std::vector<Cells>());
}

TEST_F(CopiedRows, TimesAreThoseOfTheirText) {
  std::vector<std::string> texts;
  std::uniform_int_distribution<std::int64_t> micros(-62135596800000000, 253402300799999999);
  for (int i = 0; i < 20000; ++i) {
    auto const time = micros(random_);
    texts.push_back(format_time(TimePoint(Duration(i % 2 == 0 ? time : time / 1000000 * 1000000))));
  }
  EXPECT_EQ(differing(BinaryType::timestamptz, "timestamptz", texts), std::vector<Cells>());
}

TEST_F(CopiedRows, DaysAreThoseOfTheirText) {
  std::vector<std::string> texts;
  for (Day day{std::chrono::year(1) / 1 / 1}; day < Day{std::chrono::year(9999) / 12 / 31};
       day += std::chrono::days(1 + up_to(300))) {
    texts.push_back(format_day(day));
  }
  EXPECT_EQ(differing(BinaryType::date, "date", texts), std::vector<Cells>());
}

// What affsync itself does not write is judged by PostgreSQL, from its text.
TEST_F(CopiedRows, AValueWithoutABinaryFormIsStoredFromItsText) {
  auto const run = begin();
  auto const written = write(run, "commission",
                             {{"a", {{"amount", "1.10"}, {"occurred_on", "2026-11-01"}}},
                              {"b", {{"amount", "1e2"}, {"occurred_on", "26 Nov 2026"}}},
                              {"c", {{"amount", "3"}, {"occurred_at", "2026-11-01 02:00+02"}}}});
  EXPECT_EQ(written.inserted, 3);
  EXPECT_EQ(written.quarantined, 0);
  EXPECT_EQ(write(run, "commission", {{"d", {{"amount", "4.0"}}}}).inserted, 1);
  EXPECT_EQ(sql(url,
                "SELECT external_id, amount, occurred_on, occurred_at AT TIME ZONE"
                " 'UTC' FROM affsync.commission ORDER BY 1"),
            (std::vector<Cells>{{"a", "1.10", "2026-11-01", std::nullopt},
                                {"b", "100", "2026-11-26", std::nullopt},
                                {"c", "3", std::nullopt, "2026-11-01 00:00:00"},
                                {"d", "4.0", std::nullopt, std::nullopt}}));
}

TEST_F(CopiedRows, ARowThatPostgresRefusesIsTheOnlyOneLeftOut) {
  auto const run = begin();
  std::vector<TestRow> rows;
  for (int i = 0; i < 50; ++i) rows.push_back({"k" + std::to_string(i), {{"amount", "0.5"}}});
  rows[17].values.front().second = "many";
  rows[31].raw = "{\"text\": \"\\u0000\"}";
  auto const written = write(run, "commission", rows);
  EXPECT_EQ(written.inserted + written.quarantined, 50);
  EXPECT_EQ(sql(url, "SELECT external_id FROM affsync.quarantine ORDER BY 1"),
            (std::vector<Cells>{{"k17"}, {"k31"}}));
}

}  // namespace
}  // namespace affsync::schema::test::copied_rows_test
