// GET /affiliates/customers: computes rows from their numbers.
#include "tests/sandbox/wintrado/customers.hpp"

#include <array>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::wintrado {
namespace {

struct Land {
  std::string_view code, name;
};

constexpr std::array customer_measures{Measure{"depositTotal", Unit::plain},
                                       Measure{"withdrawalTotal", Unit::plain},
                                       Measure{"affiliateBalance", Unit::plain}};
constexpr std::array<std::string_view, 7> customer_columns{
    "id", "name", "createdAt", "accountId", "country", "depositTotal", "lastActive"};
constexpr std::array<std::string_view, 8> first_names{
    "Anna",   "Jos\xc3\xa9",   "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd", "Li", "Wei",
    "Fatima", "John \"Jack\"", "\xe0\xb8\xaa\xe0\xb8\xa1"};
constexpr std::array<std::string_view, 7> last_names{
    "O'Brien",
    "Garc\xc3\xad"
    "a",
    "\xd0\x9f\xd0\xb5\xd1\x82\xd1\x80\xd0\xbe\xd0\xb2",
    "Nguyen",
    "Smith",
    "M\xc3\xbcller",
    "Silva"};
constexpr std::array<Land, 6> lands{Land{"TH", "Thailand"},     Land{"VN", "Viet Nam"},
                                    Land{"DE", "Germany"},      Land{"AE", "United Arab Emirates"},
                                    Land{"ZA", "South Africa"}, Land{"CI", "C\xc3\xb4te d'Ivoire"}};
constexpr std::array<std::string_view, 5> customer_states{"ACTIVE", "ACTIVE", "ACTIVE", "INACTIVE",
                                                          "SUSPENDED"};
constexpr std::array<std::string_view, 4> kyc_states{"PENDING", "APPROVED", "APPROVED", "REJECTED"};
constexpr std::array<std::string_view, 3> risk_states{"REVIEW", "LOW", "HIGH"};
constexpr std::array<std::string_view, 4> customer_sources{"landing-1", "telegram", "youtube", ""};
constexpr std::array<std::string_view, 5> notes{
    "", "", "VIP, call on Monday", "met at \"Forex Expo\"\n+7 900 000-00-00",
    "\xf0\x9f\x9a\x80 '); DROP SCHEMA affsync CASCADE; --"};
// An employee of the broker.
constexpr std::string_view agent = R"({"id":"adm-4","name":"Kim Admin","email":"kim@example.com"})";
constexpr Fixed cent = fixed_one / 100;

void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
    out += "0123456789abcdef"[(value >> shift) & 15];
}

void write_time(ObjectWriter& json, std::string_view name, TimePoint time) {
  json.name(name);
  json.buffer() += '"';
  append_milliseconds(json.buffer(), time);
  json.buffer() += '"';
}

}  // namespace

Customers::Customers(std::string path, std::uint32_t customers, History history,
                     SandboxClock const& clock)
    : TimedFeed("customers", std::move(path), customers, history, clock) {}

Person Customers::person(Handle row) const {
  auto const number = ordinal(row);
  Noise noise(seed(), 'c', number);
  Person person;
  // Multiplying by an odd factor is a permutation, so no two ids are equal.
  auto const prefix = static_cast<std::uint32_t>(number * 2'654'435'761u + scramble(seed() ^ 0x77));
  append_hex(person.id, prefix, 8);
  person.id += '-';
  append_hex(person.id, noise.bits() & 0xffff, 4);
  person.id += "-4";
  append_hex(person.id, noise.bits() & 0xfff, 3);
  person.id += "-a";
  append_hex(person.id, noise.bits() & 0xfff, 3);
  person.id += '-';
  append_hex(person.id, noise.bits() & 0xffffffffffff, 12);
  person.account = 600'100 + number;
  person.first_name = first_names[noise.below(first_names.size())];
  person.last_name = last_names[noise.below(last_names.size())];
  return person;
}

TimePoint Customers::updated(Handle row) const {
  auto const found = updated_.find(row);
  if (found != updated_.end()) return found->second;
  auto const since = created(row);
  if (since >= history().end) return since;
  Noise noise(seed(), 'u', ordinal(row));
  return std::min(history().end - std::chrono::minutes(1),
                  since + std::chrono::minutes(noise.below(60 * 24 * 90)));
}

bool Customers::matches(Handle row, std::string_view search) const {
  auto const one = person(row);
  auto const lower = [](std::string text) {
    for (char& c : text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
  };
  return std::to_string(one.account) == search ||
         lower(one.name()).find(lower(std::string(search))) != std::string::npos;
}

std::string Customers::external_id(Handle row) const {
  return ordinal(row) % 5 == 0 ? "ext-" + std::to_string(ordinal(row)) : std::string();
}

std::string_view Customers::source(Handle row) const {
  return customer_sources[Noise(seed(), 's', ordinal(row)).below(customer_sources.size())];
}

void Customers::write_row(Handle row, std::string& out) const {
  auto const one = person(row);
  auto const values = measure(row).values;
  auto const turn = revision(row);
  Noise noise(seed(), 'w', ordinal(row));
  auto const& land = lands[noise.below(lands.size())];
  bool const deposited = values[0] > 0;
  ObjectWriter json(out);
  json.plain("id", one.id);
  json.number("level", 1 + noise.below(4));
  json.plain("accountId", std::to_string(one.account));
  json.text("name", one.name());
  json.text("firstname", one.first_name);
  json.text("lastname", one.last_name);
  json.plain("email", one.email());
  json.plain("mobilenumber", "+1555" + std::to_string(1'000'000 + one.account % 9'000'000));
  json.shortest_number("depositTotal", values[0]);
  json.number("totalCoinsEarned", noise.below(500));
  json.plain("country", land.code);
  json.text("countryName", land.name);
  write_time(json, "createdAt", created(row));
  json.plain("status", customer_states[(noise.below(5) + turn) % customer_states.size()]);
  json.null("appInstalledAt");
  write_time(json, "lastLoginDate", updated(row));
  json.number("totalLogins", noise.below(300) + turn);
  auto const note = noise.below(notes.size());
  if (turn > 0)
    json.plain("notes", "note " + std::to_string(turn));
  else if (notes[note].empty())
    json.null("notes");
  else
    json.text("notes", notes[note]);
  json.raw("roles", R"(["customer"])");
  json.raw("availableContactMethods", R"(["email","phone"])");
  json.number("totalReferrals", noise.below(4) / 3);
  json.number("documentCount", static_cast<std::int64_t>(ordinal(row) % 4));
  json.plain("kycStatus", kyc_states[(noise.below(4) + turn) % kyc_states.size()]);
  bool const reviewed = ordinal(row) % 3 != 0;
  json.raw("kycReviewedById", reviewed ? R"("adm-4")" : "null");
  json.raw("kycReviewedByName", reviewed ? R"("Kim Admin")" : "null");
  if (reviewed)
    write_time(json, "kycReviewedAt", created(row));
  else
    json.null("kycReviewedAt");
  json.plain("affiliateId", "8d3b1c52-0a64-4f7e-a1d2-5b2f60c3e9a7");
  if (noise.one_in(3))
    json.null("referrer");
  else
    json.plain("referrer", "ref-" + std::to_string(noise.below(5)));
  json.raw("conversionAgent", agent);
  json.raw("retentionAgent", agent);
  json.raw("salesDesk", R"({"id":"desk-1","name":"Sales desk"})");
  json.plain("salesStatusName", "new");
  if (deposited)
    write_time(json, "lastTradingActivityDate", updated(row));
  else
    json.null("lastTradingActivityDate");
  json.shortest_number("totalVolumeTraded", deposited ? cent * noise.below(100'000'000) : 0);
  json.number("tradeVolumeLastWeek", 0);
  json.number("tradeVolumeOpen", 0);
  write_time(json, "confirmedAt", created(row));
  json.raw("commissionScheme", R"({"id":3,"name":"CPA 200"})");
  json.plain("communicationLanguage", "en");
  json.boolean("isBookmarked", false);
  json.fixed_text("affiliateBalance", values[2], 2);
  json.number("positionsCount", deposited ? noise.below(9) : 0);
  json.boolean("hasFTD", deposited);
  write_time(json, "lastActive", updated(row));
  json.plain("riskStatus", risk_states[noise.below(risk_states.size())]);
  if (source(row).empty())
    json.null("source");
  else
    json.plain("source", source(row));
  json.shortest_number("withdrawalTotal", values[1]);
  if (deposited)
    write_time(json, "lastDepositDate", updated(row) - std::chrono::hours(1));
  else
    json.null("lastDepositDate");
  json.null("lastCommentDate");
  json.null("lastContactDate");
  json.number("commissionsGranted", 0);
  json.shortest_number("commissionsEarned", deposited ? cent * noise.below(80'000) : 0);
  json.raw("sumSubDetails", R"({"applicantId":"a-1","fullName":"Kim Admin"})");
  json.null("terminationRequestedAt");
  json.raw("groups", R"([{"id":1,"name":"People of Kim Admin"}])");
  json.close();
}

std::span<Measure const> Customers::measures() const {
  return customer_measures;
}

MeasuredRow Customers::measure(Handle row) const {
  Noise noise(seed(), 'm', ordinal(row), revision(row));
  MeasuredRow out;
  bool const deposited = noise.below(5) != 0;
  out.values[0] = deposited ? cent * (5'000 + noise.below(2'000'000)) : 0;
  out.values[1] = deposited && noise.one_in(3) ? cent * noise.below(300'000) : 0;
  out.values[2] = noise.one_in(10) ? cent * noise.below(5'000) : 0;
  return out;
}

std::span<std::string_view const> Customers::order_columns() const {
  return customer_columns;
}

std::uint64_t Customers::order_key(Handle row, std::size_t column) const {
  switch (column) {
    case 0:
      return text_key(person(row).id);
    case 1:
      return text_key(person(row).name());
    case 2:
      return static_cast<std::uint64_t>(created(row).time_since_epoch().count());
    case 4:
      return text_key(lands[Noise(seed(), 'w', ordinal(row)).below(lands.size())].code);
    case 5:
      return static_cast<std::uint64_t>(measure(row).values[0]);
    case 6:
      return static_cast<std::uint64_t>(updated(row).time_since_epoch().count());
    default:
      return ordinal(row);  // account numbers grow with the ordinal
  }
}

}  // namespace affsync::sandbox::wintrado
