// Computes clients and accounts from the seed.
#include "tests/sandbox/exness/world.hpp"

#include <algorithm>
#include <array>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox::exness {
namespace {

constexpr int days_before_history = 300;

constexpr std::array<std::string_view, 14> countries{"TH", "VN", "IN", "ID", "AE", "EG", "PK",
                                                     "BR", "ZA", "NG", "KE", "MY", "JP", "MX"};
constexpr std::array<std::string_view, 6> account_types{"Standard", "Standard Cent", "Pro",
                                                        "Zero",     "Raw Spread",    "Standard"};
constexpr std::array<std::string_view, 7> platforms{"mt5", "mt5", "mt5", "mt5", "mt4", "mt4", ""};
constexpr std::array<std::string_view, 5> link_codes{"a1b2c3d4e5", "c_9kx04mqv", "0000123456",
                                                     "ld8x2n7qpz", "social-tg_1"};
constexpr std::array<Partner, 2> partner_accounts{
    Partner{"1182735490123456789", "Main partner account", "mx4kd81", 0},
    Partner{"1182735490123456790", "Euro \"side\" account", "e7pqz02", 1}};

// JSON texts, some escaped, some not, as people write them into a comment field.
constexpr std::array<std::string_view, 10> comments{
    R"("VIP, call on Monday")",
    R"("met at \"Forex Expo\" \\ booth 7")",
    "\"\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd \xd0\x9f\xd0\xb5\xd1\x82\xd1\x80\xd0\xbe\xd0\xb2, "
    "ivan.petrov@example.com, +7 900 000-00-00\"",
    R"("\ud83d\ude80 to the moon \ud83d\ude4f\ud83c\udffd")",
    "\"\xf0\x9f\xa4\x9d \xe0\xb8\xaa\xe0\xb8\xa7\xe0\xb8\xb1\xe0\xb8\xaa\xe0\xb8\x94\xe0\xb8\xb5\"",
    "\"\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7 \xd8\xa8\xd9\x83 "
    "\xe2\x80\x8f(\xd8\xaf\xd8\xa8\xd9\x8a)\"",
    R"("'); DROP SCHEMA affsync CASCADE; --")",
    R"("first line\nsecond\tcolumn\r\n\\N \\. end")",
    R"("<b>\u003cscript\u003ealert(1)</script>")",
    R"("")"};

}  // namespace

World::World(WorldOptions options) : options_(options) {
  options_.clients = std::max(options_.clients, 1u);
  options_.accounts_per_client = std::max(options_.accounts_per_client, 1u);
  options_.days = std::max(options_.days, 1u);
  if (options_.rewards == 0) options_.rewards = accounts() * options_.days / 3 + 1;
  first_day_ = options_.today - std::chrono::days(options_.days - 1);
  today_ = static_cast<int>(options_.days) - 1;
  accounts_on_.assign(options_.days, 0);
  for (std::uint32_t i = 0; i < options_.clients; ++i)
    accounts_on_[static_cast<std::size_t>(std::max(0, registered(i)))] +=
        options_.accounts_per_client;
  for (std::size_t day = 1; day < accounts_on_.size(); ++day)
    accounts_on_[day] += accounts_on_[day - 1];
}

int World::registered(std::uint32_t client) const {
  if (client >= options_.clients) return added_[client - options_.clients];
  auto const span = static_cast<std::uint64_t>(options_.days) + days_before_history;
  return static_cast<int>(client * span / options_.clients) - days_before_history;
}

std::uint32_t World::add_clients(std::uint32_t count, int day) {
  auto const first = clients();
  added_.insert(added_.end(), count, day);
  return first;
}

std::uint32_t World::accounts_on(int day) const {
  auto const index = std::clamp(day, 0, static_cast<int>(options_.days) - 1);
  auto count = accounts_on_[static_cast<std::size_t>(index)];
  if (day >= static_cast<int>(options_.days) - 1)
    for (int registered_on : added_)
      if (registered_on <= day) count += options_.accounts_per_client;
  return count;
}

Client World::client(std::uint32_t number) const {
  Noise noise(seed(), 'c', number);
  Client client;
  // The first eight digits differ for all clients: multiplying by an odd factor permutes 32-bit
  // values.
  auto const prefix = static_cast<std::uint32_t>(number * 2'654'435'761u + scramble(seed()));
  client.uid_high = (std::uint64_t{prefix} << 32) | (noise.bits() & 0xffff0fffu) | 0x4000u;
  client.uid_low = (noise.bits() & 0x3fffffffffffffffu) | 0x8000000000000000u;
  client.registered = registered(number);
  client.partner = noise.below(7) == 0 ? 1 : 0;
  client.country = countries[noise.below(countries.size())];
  client.link_code = link_codes[noise.below(link_codes.size())];
  client.comment = noise.below(3) == 0 ? comments[noise.below(comments.size())] : "null";
  return client;
}

Account World::account(std::uint32_t number) const {
  Noise noise(seed(), 'a', number);
  Account account;
  account.client = number / options_.accounts_per_client;
  account.number = 99'990'000 + std::uint64_t{number} * 37 + noise.below(37);
  account.type = account_types[noise.below(account_types.size())];
  account.platform = platforms[noise.below(platforms.size())];
  return account;
}

Partner const& World::partner(std::uint32_t index) {
  return partner_accounts[index];
}

void World::append_day(std::string& out, int day) const {
  std::chrono::year_month_day const date(first_day_ + std::chrono::days(day));
  auto const year = static_cast<unsigned>(static_cast<int>(date.year()));
  auto const month = static_cast<unsigned>(date.month());
  auto const day_of_month = static_cast<unsigned>(date.day());
  auto const digit = [](unsigned value) { return static_cast<char>('0' + value % 10); };
  char const text[10] = {digit(year / 1000),
                         digit(year / 100),
                         digit(year / 10),
                         digit(year),
                         '-',
                         digit(month / 10),
                         digit(month),
                         '-',
                         digit(day_of_month / 10),
                         digit(day_of_month)};
  out.append(text, sizeof text);
}

std::string World::day_text(int day) const {
  std::string out;
  append_day(out, day);
  return out;
}

std::string World::time_text(int day, std::uint64_t noise) const {
  auto const second = static_cast<unsigned>(scramble(noise) % 86'400);
  auto const two = [](unsigned value) {
    return std::string{static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
  };
  return day_text(day) + "T" + two(second / 3600) + ":" + two(second / 60 % 60) + ":" +
         two(second % 60) + "Z";
}

namespace {

void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
    out += "0123456789abcdef"[(value >> shift) & 15];
}

}  // namespace

void append_short_uid(std::string& out, Client const& client) {
  append_hex(out, client.uid_high >> 32, 8);
}

void append_full_uid(std::string& out, Client const& client) {
  append_hex(out, client.uid_high >> 32, 8);
  out += '-';
  append_hex(out, client.uid_high >> 16, 4);
  out += '-';
  append_hex(out, client.uid_high, 4);
  out += '-';
  append_hex(out, client.uid_low >> 48, 4);
  out += '-';
  append_hex(out, client.uid_low, 12);
}

std::string short_uid(Client const& client) {
  std::string out;
  append_short_uid(out, client);
  return out;
}

std::string full_uid(Client const& client) {
  std::string out;
  append_full_uid(out, client);
  return out;
}

}  // namespace affsync::sandbox::exness
