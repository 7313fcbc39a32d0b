// What `raw` keeps of a row: no personal data, and for some connectors only known fields.
#include <gtest/gtest.h>

#include "connectors/engine/rows/mapping.hpp"
#include "connectors/engine/rows/personal_names.hpp"

namespace affsync::engine::raw_fields_test {
namespace {

// The row as a stream with this text keeps it.
std::string kept(std::string const& stream, std::string_view row, Privacy privacy = Privacy::drop,
                 std::string const& top = "") {
  auto const manifest =
      parse_manifest("name: b\nbase_url: https://b.example\nauth: {type: none}\n" + top +
                         "\nstreams: {s: {path: /s, records: data, " + stream + "}}",
                     "b.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "mine";
  settings.privacy = privacy;
  auto const plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return private_raw(*plan->streams.at(0), parse_json(row).value());
}

char const* const money = "table: commission, key: id, map: {amount: sum, client_ref: client.id}";

TEST(RawFields, MappedOnlyKeepsWhatIsReadAndListed) {
  auto const row =
      R"({"id":1,"sum":"5.00","client":{"id":7,"login":"ann","tags":["x"]},"login":"ann",)"
      R"("note":{"text":"call Ann","code":3},"state":"new"})";
  EXPECT_EQ(kept(std::string(money) + ", raw: mapped", row),
            R"({"id":1,"sum":"5.00","client":{"id":7}})");
  EXPECT_EQ(kept(std::string(money) + ", raw: {allow: [state, note.code]}", row),
            R"({"id":1,"sum":"5.00","client":{"id":7},"note":{"code":3},"state":"new"})");
  EXPECT_EQ(kept(std::string(money) + ", raw: all", row, Privacy::drop, "raw: mapped"), row);
  EXPECT_EQ(kept(money, row, Privacy::drop, "raw: mapped"),
            R"({"id":1,"sum":"5.00","client":{"id":7}})");
  EXPECT_EQ(kept(money, row, Privacy::hash, "raw: mapped"),
            R"({"id":1,"sum":"5.00","client":{"id":7}})");
  // With privacy `keep` everything is kept.
  EXPECT_EQ(kept(money, row, Privacy::keep, "raw: mapped"), row);
}

TEST(RawFields, EverythingThatIsLookedAtCountsAsMapped) {
  EXPECT_EQ(kept("table: commission, key: [id, part], where: {type: [a]}, raw: mapped,"
                 " map: {amount: [fixed, sum], status: {present: [{paid: paid}], default: pending},"
                 " original_amount: {from: first, only_if: fixed}},"
                 " also: [{table: payout, key: payout_id, map: {amount: out.0.sum}}]",
                 R"({"id":1,"part":2,"type":"a","fixed":null,"sum":1,"paid":null,"first":3,)"
                 R"("payout_id":4,"out":[{"sum":5,"to":"Ann"},{"sum":6}],"else":7})"),
            R"({"id":1,"part":2,"type":"a","fixed":null,"sum":1,"paid":null,"first":3,)"
            R"("payout_id":4,"out":[{"sum":5},{"sum":6}]})");
}

TEST(RawFields, ATextWhereAnObjectWasIsNotKept) {
  EXPECT_EQ(kept(std::string(money) + ", raw: mapped",
                 R"({"id":1,"sum":2,"client":"Ann Smith","other":1})"),
            R"({"id":1,"sum":2,"client":null})");
}

TEST(RawFields, NamesOfPeopleAreKnownWithoutBeingListed) {
  auto const row =
      R"({"id":1,"sum":"5.00","client":{"id":7,"name":"Ann","First_Name":"Ann","phone":"1"},)"
      R"("clientEmail":"a@b.example","kycReviewedByName":"Bob","retention-agent":{"name":"Bob"},)"
      R"("symbol":{"name":"EURUSD"},"name":"weekly","has_email":true,"list":[{"skype":"ann"}]})";
  EXPECT_EQ(kept(money, row), R"({"id":1,"sum":"5.00","client":{"id":7},"retention-agent":{},)"
                              R"("symbol":{"name":"EURUSD"},"name":"weekly","list":[{}]})");
  EXPECT_EQ(kept(money, row, Privacy::keep), row);
  auto const hashed = kept(money, R"({"id":1,"email":"a@b.example"})", Privacy::hash);
  EXPECT_EQ(hashed.find("a@b.example"), std::string::npos);
  EXPECT_NE(hashed.find("sha256:"), std::string::npos);
}

TEST(RawFields, ARowOfAPersonHasANameOfAPerson) {
  EXPECT_EQ(kept("table: client, key: id, map: {country: country}",
                 R"({"id":1,"name":"Ann","country":"DE","group":{"name":"gold"}})"),
            R"({"id":1,"country":"DE","group":{"name":"gold"}})");
}

TEST(RawFields, WhatAMappingReadsOrTheConnectorListsIsKnownToBeHarmless) {
  EXPECT_EQ(kept("table: client, key: id, map: {campaign: name, link_code: mail.tag}",
                 R"({"id":1,"name":"spring","mail":{"tag":"x","to":"a@b.example"}})"),
            R"({"id":1,"name":"spring","mail":{"tag":"x"}})");
  EXPECT_EQ(kept("table: client, key: id, map: {country: c}, raw: {allow: ip}",
                 R"({"id":1,"c":"DE","ip":"127.0.0.1","email":"a@b.example"})"),
            R"({"id":1,"c":"DE","ip":"127.0.0.1"})");
  // A field listed as personal stays personal.
  EXPECT_EQ(kept("table: client, key: id, map: {country: c}, raw: {allow: note}, personal: note",
                 R"({"id":1,"c":"DE","note":"Ann"})"),
            R"({"id":1,"c":"DE"})");
}

TEST(RawFields, NamesThatArePersonal) {
  for (auto const* name : {"email",
                           "E-Mail",
                           "client_email",
                           "clientEmailAddress",
                           "phone",
                           "mobileNumber",
                           "Phone Number",
                           "firstName",
                           "last_name",
                           "username",
                           "date_of_birth",
                           "telegram",
                           "user.ip_address",
                           "passportNumber",
                           "passport_no",
                           "display_name",
                           "fio",
                           "ФИО",
                           "Телефон",
                           "Дата рождения",
                           "mob",
                           "mob_2",
                           "mail2",
                           "Email_1",
                           "lastLoginIp",
                           "reg_ip",
                           "signupIP",
                           "ip2"}) {
    EXPECT_TRUE(is_personal_name(name, false)) << name;
  }
  for (auto const* name : {"id",
                           "name",
                           "amount",
                           "client_id",
                           "currency",
                           "volume",
                           "symbol",
                           "wallet",
                           "address",
                           "login",
                           "account",
                           "platform",
                           "description",
                           "shipment",
                           "zip",
                           "tip",
                           "emails_sent_count",
                           "membership",
                           "userZip",
                           "SKIP",
                           "commission2",
                           "сумма",
                           "адрес"}) {
    EXPECT_FALSE(is_personal_name(name, false)) << name;
  }
  for (auto const* name : {"Name", "address", "Address 2", "Адрес"}) {
    EXPECT_TRUE(is_personal_name(name, true)) << name;
  }
}

TEST(RawFields, ADeclaredFieldIsPersonalInAnyCase) {
  auto const stream =
      "table: client, key: id, map: {country: c}, personal: [notes, contact.Kürzel]";
  EXPECT_EQ(kept(stream, R"({"id":1,"c":"DE","Notes":"Ann","contact":{"KÜRZEL":"as","x":1}})"),
            R"({"id":1,"c":"DE","contact":{"x":1}})");
  EXPECT_EQ(kept(stream, R"({"id":1,"c":"DE","Contact":{"kürzel":"as","x":1}})"),
            R"({"id":1,"c":"DE","Contact":{"x":1}})");
  // What a mapping reads under exactly that name is what the connector says.
  EXPECT_EQ(kept("table: client, key: id, map: {country: C}, personal: c",
                 R"({"id":1,"C":"DE","c":"Ann"})"),
            R"({"id":1,"C":"DE"})");
}

TEST(RawFields, AMailAddressIsPersonalUnderAnyNameThatNothingReads) {
  auto const row =
      R"({"id":"a@b.example","sum":"5.00","who":" Ann.S+x@mail.example ","list":["b@c.example","x"],)"
      R"("deep":{"to":"mailto:ä@b.example","n":1},"note":"ask a@b.example","at":"@ann","v":"a@b"})";
  EXPECT_EQ(kept(money, row), R"({"id":"a@b.example","sum":"5.00","list":["x"],"deep":{"n":1},)"
                              R"("note":"ask a@b.example","at":"@ann","v":"a@b"})");
  EXPECT_EQ(kept(money, row, Privacy::keep), row);
  auto const hashed = kept(money, R"({"id":1,"who":"a@b.example"})", Privacy::hash);
  EXPECT_TRUE(hashed.starts_with(R"({"id":1,"who":"sha256:)")) << hashed;
  // One that the connector lets pass stays.
  EXPECT_EQ(kept("table: client, key: id, map: {country: c}, raw: {allow: support}",
                 R"({"id":1,"c":"DE","support":"help@b.example"})"),
            R"({"id":1,"c":"DE","support":"help@b.example"})");
}

TEST(RawFields, MistakesAreToldWithTheirLine) {
  auto const error_of = [](std::string const& raw) {
    auto const manifest = parse_manifest("name: e\nauth: {type: none}\nraw: " + raw, "e.yaml");
    return manifest ? std::string("no error") : manifest.error().to_line();
  };
  EXPECT_EQ(error_of("maped"),
            "e.yaml:3:6: \"maped\" is not how much `raw` keeps. Did you mean "
            "`mapped`?");
  EXPECT_EQ(error_of("{allow: $}"), "e.yaml:3:14: `$` is the whole row. That is `raw: all`.");
  EXPECT_EQ(error_of("{allowed: a}"),
            "e.yaml:3:7: unknown key \"allowed\" in what `raw` keeps. Did you mean `allow`?");
}

}  // namespace
}  // namespace affsync::engine::raw_fields_test
