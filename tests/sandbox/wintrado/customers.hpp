// Customers that the affiliate referred.
#pragma once

#include <unordered_map>

#include "tests/sandbox/timed_feed.hpp"

namespace affsync::sandbox::wintrado {

struct Person {
  std::string id;  // UUID
  std::uint64_t account;
  std::string_view first_name, last_name;  // UTF-8, unescaped
  std::string email() const { return "client" + std::to_string(account) + "@example.com"; }
  std::string name() const { return std::string(first_name) + " " + std::string(last_name); }
};

class Customers final : public TimedFeed {
 public:
  Customers(std::string path, std::uint32_t customers, History history, SandboxClock const& clock);

  Person person(Handle row) const;
  // The time of the latest change of a value; rows do not show it.
  TimePoint updated(Handle row) const;
  // Whether the row matches `search` or `externalId`.
  bool matches(Handle row, std::string_view search) const;
  std::string external_id(Handle row) const;  // empty if it has none
  std::string_view source(Handle row) const;

  void write_row(Handle row, std::string& out) const override;
  std::string key(Handle row) const override { return person(row).id; }
  std::string_view amount_field() const override { return "depositTotal"; }
  std::string_view text_field() const override { return "notes"; }
  std::span<Measure const> measures() const override;
  MeasuredRow measure(Handle row) const override;
  std::span<std::string_view const> order_columns() const override;
  std::uint64_t order_key(Handle row, std::size_t column) const override;

 private:
  void changed(Handle row) override { updated_[row] = clock().now(); }

  std::unordered_map<Handle, TimePoint> updated_;
};

}  // namespace affsync::sandbox::wintrado
