#include "daemon/serve/token_guard.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <optional>

#include "base/text.hpp"

namespace affsync::serve {

namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> address_of(std::string_view text) {
  boost::system::error_code error;
  auto const address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return address;
}

std::string network_of(ip::address const& address) {
  if (address.is_v4()) return address.to_string();
  return ip::network_v6(ip::address_v6(address.to_v6().to_bytes()), 64).canonical().to_string();
}

// The entry that the nearest proxy has added.
std::string_view last_entry(std::string_view list) {
  auto const comma = list.rfind(',');
  return trim_blanks(comma == std::string_view::npos ? list : list.substr(comma + 1));
}

std::chrono::seconds pause_after(int guesses) {
  int const doublings = std::min(guesses - TokenGuard::free_guesses, 20);
  return std::min(std::chrono::seconds(1 << doublings), TokenGuard::longest_wait);
}

}  // namespace

std::chrono::seconds TokenGuard::wait(std::string const& caller, TimePoint now) const {
  auto const found = records_.find(caller);
  if (found == records_.end() || found->second.guesses < free_guesses) return {};
  auto const pause = pause_after(found->second.guesses);
  // A clock that was set back must not shut anybody out.
  if (now < found->second.last) return {};
  auto const left = std::chrono::ceil<std::chrono::seconds>(found->second.last + pause - now);
  return std::max(left, std::chrono::seconds(0));
}

bool TokenGuard::on_wrong(std::string const& caller, std::uint64_t hash, TimePoint now) {
  auto found = records_.find(caller);
  if (found != records_.end() && now - found->second.last >= memory) found->second = Record();
  if (found == records_.end()) {
    make_room(now);
    found = records_.try_emplace(caller).first;
  }
  auto& record = found->second;
  if (std::ranges::find(record.latest, hash) != record.latest.end()) return false;
  record.latest[record.next] = hash;
  record.next = (record.next + 1) % record.latest.size();
  record.last = now;
  ++record.guesses;
  return record.guesses == free_guesses;
}

void TokenGuard::make_room(TimePoint now) {
  if (records_.size() < most_callers) return;
  std::erase_if(records_, [&](auto const& entry) { return now - entry.second.last >= memory; });
  if (records_.size() < most_callers) return;
  auto const oldest =
      std::ranges::min_element(records_, {}, [](auto const& entry) { return entry.second.last; });
  records_.erase(oldest);
}

std::string caller_of(std::string const& peer, HttpRequest const& request) {
  auto const address = address_of(peer);
  if (!address) return peer;
  auto const forwarded = request.headers.find("x-forwarded-for");
  if (!address->is_loopback() || !forwarded) return network_of(*address);
  auto const client = address_of(last_entry(*forwarded));
  return client ? network_of(*client) + " through a proxy" : network_of(*address);
}

}  // namespace affsync::serve
