// What a draft may not guess: amounts as keys, cents as amounts, sums as rows.
#include <gtest/gtest.h>

#include "connectors/engine/draft/draft.hpp"
#include "tests/unit/engine/documents.hpp"

namespace affsync::engine::draft_guesses_test {
namespace {

Draft draft_of(std::string const& bytes, std::string const& file = "report.csv") {
  auto draft = draft_connector(bytes, file, "broker", TimePoint(*parse_day("2026-11-20")));
  if (draft) return *draft;
  ADD_FAILURE() << draft.error().to_line();
  return {};
}

void expect_line(Draft const& draft, std::string const& line) {
  EXPECT_NE(draft.text.find("\n" + line), std::string::npos) << "no line: " << line << "\n"
                                                             << draft.text;
}

TEST(DraftGuesses, AMeasureIsNeverAKey) {
  auto const sums = draft_of(
      "Profit,Lots,Symbol,Commission\n10.5,1,EURUSD,1.00\n11.5,2,EURUSD,1.00\n-3,5,XAUUSD,2.00\n");
  expect_line(sums, "    key: {hash: all}  # no id was found");
  EXPECT_EQ(sums.mapped, 3U) << sums.text;
  auto const percents = draft_of(
      "Share %,Number of trades,Client,Day,Reward\n10,3,a,2026-10-05,1.0\n20,4,a,2026-10-06,1.0\n"
      "30,5,b,2026-10-06,2.0\n");
  expect_line(percents, "    key: {hash: [Client, Day]}  # guess");
  // A client occurs once in this sample, and in the next file again.
  auto const clients = draft_of("Client ID,Day,Reward\nU-1,2026-10-05,1.0\nU-2,2026-10-05,1.5\n");
  expect_line(clients, "    key: {hash: ['\"Client ID\"', Day]}  # guess");
}

TEST(DraftGuesses, AnIdOfTheRowIsTheKeyWhereverItStands) {
  expect_line(draft_of("Amount paid,Client ID,Volume,Order\n1.50,U-1,3,81\n2.50,U-2,4,82\n"),
              "    key: Order  # guess");
  expect_line(draft_of("commission,account_id,clientTransactionId\n1.50,71,A1\n2.50,72,A2\n"),
              "    key: clientTransactionId  # guess");
  auto const paid = draft_of("Order amount,Paid,Ticket\n1.50,10,81\n2.50,11,82\n");
  expect_line(paid, "    key: Ticket  # guess");
  expect_line(paid, "      amount: {from: '\"Order amount\"', required: true}");
}

TEST(DraftGuesses, ATimeIsNoAmount) {
  auto const draft =
      draft_of(R"({"list":[{"uid":7,"commissionTime":1793620800000,"commissionVolume":"3.75"},)"
               R"({"uid":7,"commissionTime":1793624400000,"commissionVolume":"0.02"}]})",
               "list.json");
  expect_line(draft, "      amount: {from: commissionVolume, required: true}");
  expect_line(draft, "      occurred_at: {from: commissionTime, as: epoch, unit: milliseconds}");
}

TEST(DraftGuesses, WhatIsKnownOfAClientIsNoClient) {
  auto const draft = draft_of(
      "user_type,click_user_referer,user_agent,user_id,commission\n1,a.example,x,U-1,1.50\n"
      "1,a.example,x,U-2,2.50\n");
  expect_line(draft, "      client_ref: user_id  # guess");
  auto const nobody = draft_of("id,click_user_referer,commission\n1,a.example,1.50\n");
  EXPECT_EQ(nobody.text.find("client_ref"), std::string::npos) << nobody.text;
}

TEST(DraftGuesses, CentsAreNoAmounts) {
  auto const draft = draft_of("id,commission_cents,currency\n1,1250,USD\n2,300,USD\n");
  expect_line(draft,
              "      amount: {from: commission_cents, required: true, minor_units: 2}  # guess: "
              "what was earned, in cents as the name says");
  EXPECT_EQ(draft.mapped, 2U) << draft.text;
  auto const both = draft_of("id,commission_cents,commission\n1,1250,12.50\n2,300,3.00\n");
  expect_line(both, "      amount: {from: commission, required: true}  # guess");
}

TEST(DraftGuesses, TheCurrencyIsThatOfTheSample) {
  expect_line(draft_of("id,sum,cur\n1,12.50,eur\n2,3.00,usd\n"), "      currency: cur  # guess");
  expect_line(draft_of("id,sum,Paid in\n1,12.50,EUR\n2,3.00,GBP\n"),
              "      currency: '\"Paid in\"'  # guess");
  expect_line(draft_of("id,Commission (EUR)\n1,12.50\n2,3.00\n"),
              "      currency: {const: EUR}  # guess, from the column of the amounts");
  expect_line(draft_of("id,sum\n1,12.50\n2,3.00\n"),
              "      currency: {const: USD}  # the sample names no currency: check this");
}

TEST(DraftGuesses, LinesOfSumsAreNoRows) {
  auto const draft = draft_of(
      ";Client;Ticket;Reward\n;U-1;81;1.25\n;U-2;82;-0.50\n;Subtotal;;0.75\n;Grand total:;;0.75\n");
  EXPECT_NE(draft.text.find("totals: {column: Client, words: ['Grand total:', Subtotal]}"),
            std::string::npos)
      << draft.text;
  expect_line(draft, "    key: Ticket  # guess");
  auto const month =
      draft_of("Client,Ticket,Reward\nU-1,81,1.25\nTotal Trading,82,-0.50\nTotal June,,0.75\n");
  EXPECT_EQ(month.rows, 2U) << month.text;
  expect_line(month, "    csv: {totals: {words: 'Total June'}}  # guess; a file without a line");
}

TEST(DraftGuesses, AmountsThatCannotBeReadAreNamed) {
  auto const draft = draft_of("id;Commission\n1;$1,234.50\n2;(12.30)\n3;$7\n");
  expect_line(draft, "    table: commission");
  expect_line(draft, "      # The amounts are written like $1,234.50, with signs or brackets");
  expect_line(draft, "      amount: {from: Commission, required: true, grouping: ','}");
  EXPECT_EQ(draft.mapped, 0U);
  EXPECT_NE(draft.problem, "");
  auto const euros = draft_of("id;Commission\n1;1.234,50 EUR\n2;-3,00 EUR\n");
  expect_line(euros, "      # The amounts are written like 1.234,50 EUR, with signs");
  expect_line(euros, "      currency: {const: EUR}  # guess, from the column of the amounts");
}

}  // namespace
}  // namespace affsync::engine::draft_guesses_test
