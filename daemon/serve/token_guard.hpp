// Makes guessing the token slow: an address that gave several different wrong ones has to wait,
// each time longer. What is remembered is bounded. Performs no I/O; the time is given.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/http_message.hpp"

namespace affsync::serve {

class TokenGuard {
 public:
  // How long this caller has to wait before its next token is looked at; 0: not at all.
  std::chrono::seconds wait(std::string const& caller, TimePoint now) const;

  // Notes a wrong token by its hash. The same one again is no guess, so that a program or a browser
  // with an old token does not shut out others behind its address. Returns true if the caller has
  // to wait for the first time.
  bool on_wrong(std::string const& caller, std::uint64_t hash, TimePoint now);

  std::size_t size() const { return records_.size(); }

  static constexpr int free_guesses = 5;
  static constexpr std::chrono::seconds longest_wait{15 * 60};
  static constexpr std::chrono::hours memory{1};  // after the last wrong token
  static constexpr std::size_t most_callers = 1024;

 private:
  struct Record {
    int guesses = 0;
    TimePoint last{};
    std::array<std::uint64_t, 8> latest{};  // hashes, 0: none
    std::size_t next = 0;
  };
  void make_room(TimePoint now);

  std::map<std::string, Record> records_;
};

// Who sends the request, for the guard: the address of the peer, of IPv6 its network of 64 bits,
// since a machine may have all its addresses. A program on this machine that forwards requests,
// such as a proxy, says in X-Forwarded-For for whom.
std::string caller_of(std::string const& peer, HttpRequest const& request);

}  // namespace affsync::serve
