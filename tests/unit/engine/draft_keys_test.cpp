// A draft's key: what a next file with the same key overwrites.
#include <gtest/gtest.h>

#include "connectors/engine/draft/draft.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine::draft_keys_test {
namespace {

Draft draft_of(std::string const& bytes, std::string const& file = "report.csv") {
  auto draft = draft_connector(bytes, file, "broker", TimePoint(*parse_day("2026-11-20")));
  if (!draft) {
    ADD_FAILURE() << draft.error().to_line();
    return {};
  }
  EXPECT_EQ(draft->mapped, draft->rows) << draft->problem << "\n" << draft->text;
  return *draft;
}

// The line of the key without its comment.
std::string key_of(std::string const& bytes, std::string const& file = "report.csv") {
  auto const text = draft_of(bytes, file).text;
  auto const begin = text.find("    key: ");
  if (begin == std::string::npos) return text;
  return text.substr(begin + 9, text.find("  #", begin) - begin - 9);
}

void expect_in(std::string const& text, std::string const& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "lacks: " << part << "\n" << text;
}

TEST(DraftKeys, WhoeverOccursInTheNextFileAgainIsNoKey) {
  EXPECT_EQ(key_of("Month,User,Commission\n2026-11,u1,10.00\n2026-11,u2,20.00\n"),
            "{hash: [Month, User]}");
  EXPECT_EQ(key_of("Month,Campaign,Commission\n2026-10,c1,10.00\n2026-10,c2,20.00\n"),
            "{hash: [Month, Campaign]}");
  EXPECT_EQ(key_of("Client,Country,Commission\n7001,DE,10.00\n7002,FR,20.00\n"), "{hash: all}");
  EXPECT_EQ(key_of("Account ID,Commission\n7001,10.00\n7002,20.00\n"), "{hash: all}");
  EXPECT_EQ(key_of("Day,Commission\n2026-10-05,1.00\n2026-10-06,2.00\n"), "{hash: all}");
  EXPECT_EQ(key_of("Date,Brand,Commission\n2026-11-01,A,10.00\n2026-11-02,A,20.00\n"),
            "{hash: [Date, Brand]}");
  EXPECT_EQ(key_of("Date,Player,Product,Commission\n2026-11-01,p1,Casino,10.00\n"
                   "2026-11-02,p1,Casino,20.00\n"),
            "{hash: [Date, Player, Product]}");
  // A row that some sums have, and what changes about a row.
  EXPECT_EQ(key_of("Date,Player,Promo,Status,Commission\n2026-11-01,p1,,open,10.00\n"
                   "2026-11-02,p1,x,open,20.00\n"),
            "{hash: [Date, Player, Promo]}");
  // Words that are called like amounts.
  EXPECT_EQ(key_of("Date,Player,Bonus code,Share,Commission\n2026-11-01,p1,a,10%,10.00\n"
                   "2026-11-02,p1,b,12%,20.00\n"),
            "{hash: [Date, Player, '\"Bonus code\"']}");
  // Two rows that nothing but their amounts tells apart.
  EXPECT_EQ(key_of("Date,Player,Commission\n2026-11-01,p1,10.00\n2026-11-01,p1,20.00\n"),
            "{hash: all}");
}

TEST(DraftKeys, TheNumberOfALineIsNoKey) {
  for (std::string const name : {"#", "No.", "Nr", "Row", "Id", "\"\"", "Transaction ID"}) {
    auto const key = key_of(name +
                            ",Date,Player,Commission\n1,2026-11-01,p1,10.00\n"
                            "2,2026-11-01,p2,20.00\n3,2026-11-02,p1,5.00\n");
    EXPECT_EQ(key, "{hash: [Date, Player]}") << name;
  }
  EXPECT_EQ(key_of("Id,Date,Player,Commission\n0,2026-11-01,p1,10.00\n1,2026-11-01,p2,20.00\n"),
            "{hash: [Date, Player]}");
  EXPECT_EQ(key_of("Id,Date,Player,Commission\n1,2026-11-01,p1,10.00\n"), "{hash: [Date, Player]}");
  // Nor is it content.
  auto const all = draft_of("#,Player,Commission\n1,p1,10.00\n2,p2,20.00\n");
  expect_in(all.text, "    key: {hash: all}");
  expect_in(all.text, "    volatile: '#'  # guess");
  // A campaign of that number is.
  EXPECT_EQ(key_of("Date,Campaign,Commission\n2026-11-01,1,10.00\n2026-11-02,2,20.00\n"),
            "{hash: [Date, Campaign]}");
}

TEST(DraftKeys, AnIdOfTheRowIsSaidByItsName) {
  for (std::string const name :
       {"Transaction ID", "conversion_id", "orderId", "Ticket", "Trade No", "Click ID", "Id",
        "uuid", "Commission reference", "transactionid"}) {
    EXPECT_EQ(key_of(name + ",Date,Player,Commission\n81,2026-11-01,p1,10.00\n"
                            "82,2026-11-01,p2,20.00\n")
                  .find("hash"),
              std::string::npos)
        << name;
  }
  for (std::string const name : {"Number", "Campaign ref", "Brand ID", "Product id", "No"}) {
    EXPECT_EQ(key_of(name + ",Date,Player,Commission\n81,2026-11-01,p1,10.00\n"
                            "85,2026-11-01,p2,20.00\n")
                  .find("{hash: ["),
              0U)
        << name;
  }
  // Answers of APIs do not number their lines.
  EXPECT_EQ(key_of(R"({"rows":[{"id":1,"day":"2026-11-01","commission":1.5},)"
                   R"({"id":2,"day":"2026-11-01","commission":2.5}]})",
                   "a.json"),
            "id");
  expect_in(draft_of("Date,Account,Commission\n2026-11-01,7001,10.00\n").text,
            "      client_ref: Account  # guess");
  // A list of clients has each client once.
  EXPECT_EQ(key_of("Client ID,Country\n7001,DE\n7002,FR\n", "clients.csv"), "'\"Client ID\"'");
}

TEST(DraftKeys, WhatTheNextFileDoesIsSaid) {
  expect_in(
      draft_of("Ticket,Commission\n81,10.00\n82,20.00\n").text,
      "    key: Ticket  # guess: the id of a row; a later row with the same one replaces it\n");
  expect_in(
      draft_of("Date,Brand,Commission\n2026-11-01,A,10.00\n2026-11-02,A,20.00\n").text,
      "    key: {hash: [Date, Brand]}  # guess: there is no id, but these fields tell the rows "
      "of the sample apart; a later row that is the same there replaces the one before\n");
  expect_in(
      draft_of("Account,Commission\n7001,10.00\n7002,20.00\n").text,
      ": a row that changes comes as a new one, and since no day was found, an equal row of the "
      "next file counts as the same one. Is there an id?\n");
}

TEST(DraftKeys, DaysAreReadAsPeopleWriteThem) {
  auto const day = [](std::string const& a, std::string const& b) {
    auto const text =
        draft_of("Date;User;Commission\n" + a + ";u1;10.00\n" + b + ";u2;20.00\n").text;
    auto const begin = text.find("occurred_on: {from: Date");
    if (begin == std::string::npos) return text;
    expect_in(text, "    key: {hash: [Date, User]}");
    return text.substr(begin + 24, text.find('}', begin) - begin - 24);
  };
  EXPECT_EQ(day("01.11.26", "01.11.26"), ", formats: '%d.%m.%y'");
  EXPECT_EQ(day("1-Nov-26", "1-Nov-26"), ", formats: '%d-%b-%y'");
  EXPECT_EQ(day("1-Nov-2026", "2-Nov-2026"), ", formats: '%d-%b-%Y'");
  EXPECT_EQ(day("Nov 1, 2026", "Nov 2, 2026"), ", formats: '%b %d, %Y'");
  EXPECT_EQ(day("11/13/26 12:00 AM", "11/1/26 12:00 AM"),
            ", as: datetime, formats: '%m/%d/%y %I:%M %p', zone: UTC");
}

TEST(DraftKeys, AMonthIsNoDay) {
  for (std::string const month :
       {"2026-11", "11/2026", "11.2026", "Nov 2026", "November 2026", "Nov-26", "2026/11"}) {
    auto const draft =
        draft_of("Period;User;Commission\n" + month + ";u1;10.00\n" + month + ";u2;20.00\n");
    expect_in(draft.text, "    key: {hash: [Period, User]}");
    expect_in(
        draft.text,
        "    # Period has no day that affsync reads, such as " + month +
            ": its rows have no day, and a\n"
            "    # file cannot replace what was read of its period. Export days if you can.\n");
  }
  auto const odd = draft_of("Date;User;Commission\nKW 47;u1;10.00\nKW 48;u2;20.00\n");
  expect_in(odd.text, "    # Date has no day that affsync reads, such as KW 47: ");
  expect_in(odd.text, "    key: {hash: [Date, User]}");
}

// Promised in the documents: what may mean two numbers, or two days, is not guessed at.
TEST(DraftKeys, ANumberThatMayBeTwoIsNotChosen) {
  auto const refused = [](std::string const& bytes) {
    auto const draft =
        draft_connector(bytes, "a.csv", "broker", TimePoint(*parse_day("2026-11-20")));
    if (!draft) return draft.error().to_line();
    EXPECT_EQ(draft->mapped, 0U) << draft->text;
    EXPECT_EQ(draft->rows, 2U);
    EXPECT_FALSE(parse_manifest(draft->text, "a.yaml")) << draft->text;
    expect_in(draft->problem, "may mean two");
    return draft->text;
  };
  expect_in(
      refused("Ticket,Amount\n81,\"1,234\"\n82,\"-2,500\"\n"),
      "      # Amount is written like 1,234, which may be 1234 or 1.234, and nothing in the "
      "sample tells which.\n"
      "      # Take one of these two lines in place of the third, which is refused:\n"
      "      # amount: {from: Amount, required: true, grouping: ','}  # 1,234 is 1234\n"
      "      # amount: {from: Amount, required: true, decimal_comma: true}  # 1,234 is 1.234\n"
      "      amount: {from: Amount, required: true, locale: choose}\n");
  expect_in(refused("Ticket;Amount\n81;1.234\n82;950\n"),
            "      # amount: {from: Amount, required: true, decimal_comma: true, grouping: '.'}  # "
            "1.234 is 1234\n"
            "      # amount: {from: Amount, required: true}  # 1.234 is 1.234\n"
            "      amount: {from: Amount, required: true, locale: choose}\n");
  expect_in(draft_of("Ticket;Amount\n81;1.234\n82;0.125\n").text, "{from: Amount, required: true}");
  expect_in(draft_of("Ticket;Amount\n81;1.234\n82;1234.567\n").text,
            "{from: Amount, required: true}");
  expect_in(draft_of("Ticket;Amount\n81;1.234\n82;12,50\n").text,
            "{from: Amount, required: true, decimal_comma: true, grouping: '.'}");
  expect_in(draft_of("Ticket;Amount\n81;1,234\n82;0,125\n").text,
            "{from: Amount, required: true, decimal_comma: true}");
  expect_in(draft_of("Ticket;Amount\n81;1,234,567\n82;1,234\n").text,
            "{from: Amount, required: true, grouping: ','}");
  // Programs write JSON, and a point is one there.
  expect_in(draft_of(R"([{"ticket":81,"amount":"1.234"}])", "a.json").text,
            "{from: amount, required: true}");
}

TEST(DraftKeys, ADayThatMayBeTwoIsNotChosen) {
  auto const draft = draft_connector("Ticket,Date,Amount\n81,05/10/2026,1\n82,06/10/2026,2\n",
                                     "a.csv", "broker", TimePoint(*parse_day("2026-11-20")));
  ASSERT_TRUE(draft) << draft.error().to_line();
  EXPECT_EQ(draft->mapped, 0U);
  EXPECT_FALSE(parse_manifest(draft->text, "a.yaml")) << draft->text;
  expect_in(draft->problem, "may mean two");
  expect_in(
      draft->text,
      "      # Date is written like 05/10/2026, which fits %d/%m/%Y and %m/%d/%Y, and nothing "
      "in the sample tells which.\n"
      "      # Take the lines of one of them in place of the last, which is refused:\n"
      "      # occurred_on: {from: Date, formats: '%d/%m/%Y'}\n"
      "      # occurred_on: {from: Date, formats: '%m/%d/%Y'}\n"
      "      occurred_on: {from: Date, formats: choose}\n");
}

// An element with attributes is an object, whose text has the name of the element.
TEST(DraftKeys, AnElementWithAttributesIsAnAmountToo) {
  auto const draft = draft_of(
      "<report><item id=\"81\"><user>u</user><commission currency=\"EUR\">1.50</commission>"
      "<date>2026-11-01</date></item><item id=\"82\"><user>v</user>"
      "<commission currency=\"EUR\">2.50</commission><date>2026-11-02</date></item></report>",
      "a.xml");
  expect_in(draft.text, "    table: commission\n");
  expect_in(draft.text, "      amount: {from: 'commission.#text', required: true}");
  expect_in(draft.text, "      currency: 'commission.@currency'  # guess");
}

}  // namespace
}  // namespace affsync::engine::draft_keys_test
