// The partner's clients and their accounts. Each is a function of the seed and its number. Clients
// are numbered in the order of registration, accounts in the order of their clients.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace affsync::sandbox::exness {

struct WorldOptions {
  std::uint64_t seed = 1;
  std::uint32_t clients = 200;
  std::uint32_t accounts_per_client = 2;
  std::uint32_t days = 120;   // length of the reward history; the last day is `today`
  std::uint32_t rewards = 0;  // rows at the start; 0: about one per account every third day
  Day today;
};

struct Client {
  std::uint64_t uid_high, uid_low;
  int registered;                                // day number; day 0 starts the history
  std::uint32_t partner;                         // index into partners()
  std::string_view country, link_code, comment;  // comment: JSON text, may be null
};

struct Account {
  std::uint32_t client;
  std::uint64_t number;
  std::string_view type, platform;  // platform empty: null
};

struct Partner {
  std::string_view account;  // 19 digits
  std::string_view name, code;
  unsigned currency;  // index into `currencies`
};

class World {
 public:
  explicit World(WorldOptions options);

  WorldOptions const& options() const { return options_; }
  std::uint64_t seed() const { return options_.seed; }
  Day first_day() const { return first_day_; }
  int today() const { return today_; }
  void advance(int days) { today_ += days; }

  std::uint32_t clients() const { return options_.clients + added_clients(); }
  std::uint32_t accounts() const { return clients() * options_.accounts_per_client; }
  // Registers clients on `day`; returns the number of the first new one.
  std::uint32_t add_clients(std::uint32_t count, int day);
  // The number of accounts opened up to the end of that day.
  std::uint32_t accounts_on(int day) const;

  Client client(std::uint32_t number) const;
  Account account(std::uint32_t number) const;
  static Partner const& partner(std::uint32_t index);

  // YYYY-MM-DD
  void append_day(std::string& out, int day) const;
  std::string day_text(int day) const;
  // YYYY-MM-DDTHH:MM:SSZ, at a time of that day chosen by `noise`.
  std::string time_text(int day, std::uint64_t noise) const;
  // The day number of a date.
  int day_number(Day day) const { return static_cast<int>((day - first_day_).count()); }

 private:
  std::uint32_t added_clients() const { return static_cast<std::uint32_t>(added_.size()); }
  int registered(std::uint32_t client) const;

  WorldOptions options_;
  Day first_day_;
  int today_;
  std::vector<int> added_;                  // registration days of clients added later
  std::vector<std::uint32_t> accounts_on_;  // by day of the history
};

// The short uid (8 hex digits), and the full uid.
void append_short_uid(std::string& out, Client const& client);
void append_full_uid(std::string& out, Client const& client);
std::string short_uid(Client const& client);
std::string full_uid(Client const& client);

}  // namespace affsync::sandbox::exness
