// affsync-bench-broker: a broker that costs next to nothing. bench/run.sh measures against it.
//
// It serves a list of rewards the way Exness does (offset, limit, days from and to, a total). All
// rows are rendered at the start and have the same length, so any page is one slice of memory, and
// a change of an amount overwrites a few bytes. Each connection has a thread. It ends with its
// parent.
//
//   affsync-bench-broker --rows N [--days D] [--first-day YYYY-MM-DD] [--latency MILLISECONDS]
//
//   POST /change?of=100   changes the amounts of one row in 100, spread evenly; of=1 changes all
//   POST /change?last=N   changes those of the last N rows
//   GET  /books           rows, exact sum of the amounts, requests for pages answered so far
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using std::chrono::sys_days;

struct Options {
  std::size_t rows = 200'000;
  std::size_t days = 360;
  sys_days first_day{std::chrono::year(2025) / 1 / 1};
  std::chrono::milliseconds latency{0};
};

std::uint64_t scramble(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// Writes exactly `width` digits.
void write_digits(char* at, std::size_t width, std::uint64_t value) {
  while (width > 0) {
    at[--width] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

// An amount has four decimals and three digits before the point, and is counted in units of 0.0001.
constexpr std::size_t amount_width = 8;
void write_amount(char* at, std::uint64_t units) {
  write_digits(at, 3, units / 10'000);
  at[3] = '.';
  write_digits(at + 4, 4, units % 10'000);
}
std::uint64_t read_amount(char const* at) {
  std::uint64_t units = 0;
  for (std::size_t i = 0; i < amount_width; ++i)
    if (i != 3) units = units * 10 + static_cast<std::uint64_t>(at[i] - '0');
  return units;
}

std::string amount_text(std::uint64_t units) {
  auto decimals = std::to_string(10'000 + units % 10'000);
  return std::to_string(units / 10'000) + "." + decimals.substr(1);
}

std::string hexadecimal(std::uint64_t value, std::size_t width) {
  std::string out(width, '0');
  for (auto& digit : out) {
    digit = "0123456789abcdef"[value & 15];
    value >>= 4;
  }
  return out;
}

std::string day_text(sys_days day) {
  std::chrono::year_month_day const date(day);
  std::string out = "0000-00-00";
  write_digits(out.data(), 4, static_cast<std::uint64_t>(static_cast<int>(date.year())));
  write_digits(out.data() + 5, 2, static_cast<unsigned>(date.month()));
  write_digits(out.data() + 8, 2, static_cast<unsigned>(date.day()));
  return out;
}

bool parse_day(std::string_view text, sys_days& out) {
  int year = 0;
  unsigned month = 0, day = 0;
  if (text.size() != 10) return false;
  std::from_chars(text.data(), text.data() + 4, year);
  std::from_chars(text.data() + 5, text.data() + 7, month);
  std::from_chars(text.data() + 8, text.data() + 10, day);
  std::chrono::year_month_day const date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  out = sys_days(date);
  return date.ok();
}

// The list: rendered rows, each followed by a comma, sorted by day and id.
class Rewards {
 public:
  explicit Rewards(Options const& options) : options_(options) {
    for (std::size_t row = 0; row < options.rows; ++row) {
      auto const text = render(row);
      if (row == 0) {
        width_ = text.size();
        amount_at_ = text.find(R"("reward":")") + 10;
        usd_at_ = text.find(R"("reward_usd":")") + 14;
        text_.reserve(width_ * options.rows);
      }
      text_ += text;
    }
  }

  std::size_t size() const { return options_.rows; }

  // The index of the first row of a day or of a later one.
  std::size_t first_of(sys_days day) const {
    auto const index = (day - options_.first_day).count();
    if (index <= 0) return 0;
    // Rows of day d are those with row * days / rows == d, rounded down.
    auto const wanted = static_cast<std::size_t>(index);
    return std::min(size(), (wanted * size() + options_.days - 1) / options_.days);
  }

  std::string_view slice(std::size_t from, std::size_t to) const {
    if (from >= to) return {};
    return std::string_view(text_).substr(from * width_, (to - from) * width_ - 1);
  }

  std::uint64_t sum(std::size_t from, std::size_t to) const {
    std::uint64_t units = 0;
    for (auto row = from; row < to; ++row) units += read_amount(&text_[row * width_ + amount_at_]);
    return units;
  }

  std::size_t change(std::size_t first, std::size_t step) {
    ++generation_;
    std::size_t changed = 0;
    for (auto row = first; row < size(); row += step, ++changed) {
      auto* const at = &text_[row * width_];
      // Never the value that it had.
      auto const units = 1'000'000 + (read_amount(at + amount_at_) - 1'000'000 + 1 +
                                      scramble(row ^ generation_ << 40) % 8'999'999) %
                                         9'000'000;
      write_amount(at + amount_at_, units);
      write_amount(at + usd_at_, units);
    }
    return changed;
  }

 private:
  std::string render(std::size_t row) const {
    auto const noise = scramble(row);
    auto const client = noise % std::max<std::size_t>(100, size() / 50);
    auto const person = scramble(client + (std::uint64_t{1} << 50));
    static constexpr std::array countries{"VN", "TH", "IN", "ID", "KE", "NG", "AE", "BR"};
    auto const day = options_.first_day + std::chrono::days(row * options_.days / size());
    std::string amount(amount_width, '0'), volume = "0.00", orders = "00";
    write_amount(amount.data(), 1'000'000 + (noise >> 20) % 9'000'000);
    write_digits(volume.data(), 1, (noise >> 8) % 10);
    write_digits(volume.data() + 2, 2, 10 * ((noise >> 12) % 10) + 1 + (noise >> 16) % 9);
    write_digits(orders.data(), 2, 10 + (noise >> 4) % 90);
    return R"({"id":)" + std::to_string(7'000'000'000 + row) + R"(,"reward_date":")" +
           day_text(day) + R"(","partner_account":"1204667","client_account":)" +
           std::to_string(100'000'000 + client) + R"(,"client_uid":")" + hexadecimal(person, 8) +
           R"(","country":")" + countries[person % countries.size()] + R"(","link_code":")" +
           hexadecimal(person % 64 + 1'000, 6) + R"(","currency":"USD","volume_lots":)" + volume +
           R"(,"reward":")" + amount + R"(","reward_usd":")" + amount + R"(","orders_count":)" +
           orders + "},";
  }

  Options options_;
  std::string text_;
  std::size_t width_ = 0, amount_at_ = 0, usd_at_ = 0;
  std::uint64_t generation_ = 0;
};

// The target of a request: its path and parameters, which need no percent-decoding here.
class Target {
 public:
  explicit Target(std::string_view text) : path_(text.substr(0, text.find('?'))) {
    if (path_.size() < text.size()) query_ = text.substr(path_.size() + 1);
  }
  std::string_view path() const { return path_; }
  std::string_view text(std::string_view name) const {
    for (auto rest = query_; !rest.empty();) {
      auto const one = rest.substr(0, rest.find('&'));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      auto const equals = one.find('=');
      if (one.substr(0, equals) == name && equals != std::string_view::npos)
        return one.substr(equals + 1);
    }
    return {};
  }
  std::size_t number(std::string_view name, std::size_t fallback) const {
    auto const value = text(name);
    std::from_chars(value.data(), value.data() + value.size(), fallback);
    return fallback;
  }

 private:
  std::string_view path_, query_;
};

class Server {
 public:
  explicit Server(Options const& options) : options_(options), rewards_(options) {}

  // Answers the requests of one connection until it is closed.
  void serve(int connection) {
    std::string input;
    std::array<char, 16'384> buffer{};
    while (true) {
      auto const end = input.find("\r\n\r\n");
      if (end == std::string::npos) {
        auto const got = read(connection, buffer.data(), buffer.size());
        if (got <= 0) break;
        input.append(buffer.data(), static_cast<std::size_t>(got));
        continue;
      }
      auto const length = end + 4 + content_length(std::string_view(input).substr(0, end));
      while (input.size() < length) {
        auto const got = read(connection, buffer.data(), buffer.size());
        if (got <= 0) break;
        input.append(buffer.data(), static_cast<std::size_t>(got));
      }
      auto const line = std::string_view(input).substr(0, input.find('\r'));
      auto const from = line.find(' ') + 1;
      if (!answer(connection, Target(line.substr(from, line.rfind(' ') - from)))) break;
      input.erase(0, length);
    }
    close(connection);
  }

 private:
  static std::size_t content_length(std::string_view head) {
    for (auto const* name : {"Content-Length: ", "content-length: "}) {
      auto const at = head.find(name);
      if (at == std::string_view::npos) continue;
      std::size_t length = 0;
      auto const value = head.substr(at + std::strlen(name));
      std::from_chars(value.data(), value.data() + value.size(), length);
      return length;
    }
    return 0;
  }

  bool answer(int connection, Target const& target) {
    auto const path = target.path();
    if (path == "/api/reports/rewards/") return page(connection, target);
    if (path == "/api/v2/auth/") return send(connection, R"({"token":"bench"})", {}, {});
    if (path == "/books")
      return send(connection,
                  R"({"rows":)" + std::to_string(rewards_.size()) + R"(,"sum":")" +
                      amount_text(rewards_.sum(0, rewards_.size())) + R"(","requests":)" +
                      std::to_string(requests_) + "}",
                  {}, {});
    if (path == "/change") {
      auto const last = std::min(target.number("last", 0), rewards_.size());
      std::lock_guard const lock(totals_mutex_);
      totals_.clear();
      auto const changed =
          last > 0 ? rewards_.change(rewards_.size() - last, 1)
                   : rewards_.change(0, std::max<std::size_t>(1, target.number("of", 1)));
      return send(connection, R"({"changed":)" + std::to_string(changed) + "}", {}, {});
    }
    return send(connection, R"({"detail":"Not found."})", {}, {}, "404 Not Found");
  }

  bool page(int connection, Target const& target) {
    ++requests_;
    if (options_.latency.count() > 0) std::this_thread::sleep_for(options_.latency);
    std::size_t first = 0, end = rewards_.size();
    sys_days day;
    if (parse_day(target.text("reward_date_from"), day)) first = rewards_.first_of(day);
    if (parse_day(target.text("reward_date_to"), day))
      end = std::max(first, rewards_.first_of(day + std::chrono::days(1)));
    auto const from = std::min(end, first + target.number("offset", 0));
    auto const to = std::min(end, from + target.number("limit", 1'000));
    return send(connection, R"({"data":[)", rewards_.slice(from, to),
                R"(],"totals":{"count":)" + std::to_string(end - first) + R"(,"reward_usd":")" +
                    total(first, end) + R"("}})");
  }

  // Summed up once for each window and state of the list.
  std::string total(std::size_t first, std::size_t end) {
    std::lock_guard const lock(totals_mutex_);
    for (auto const& known : totals_)
      if (known.first == first && known.end == end) return known.text;
    totals_.push_back({first, end, amount_text(rewards_.sum(first, end))});
    return totals_.back().text;
  }

  static bool send(int connection, std::string_view before, std::string_view rows,
                   std::string_view after, std::string_view status = "200 OK") {
    auto const length = before.size() + rows.size() + after.size();
    auto const head =
        "HTTP/1.1 " + std::string(status) +
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(length) +
        "\r\n\r\n";
    std::array<std::string_view, 4> const texts{head, before, rows, after};
    std::array<iovec, 4> parts{};
    for (std::size_t i = 0; i < parts.size(); ++i)
      parts[i] = {const_cast<char*>(texts[i].data()), texts[i].size()};
    for (std::size_t first = 0; first < parts.size();) {
      msghdr message{};
      message.msg_iov = &parts[first];
      message.msg_iovlen = parts.size() - first;
      auto sent = sendmsg(connection, &message, MSG_NOSIGNAL);
      if (sent < 0) return false;
      for (; first < parts.size() && parts[first].iov_len <= static_cast<std::size_t>(sent);
           ++first)
        sent -= static_cast<ssize_t>(parts[first].iov_len);
      if (first == parts.size()) break;
      parts[first].iov_base = static_cast<char*>(parts[first].iov_base) + sent;
      parts[first].iov_len -= static_cast<std::size_t>(sent);
    }
    return true;
  }

  struct Total {
    std::size_t first, end;
    std::string text;
  };

  Options options_;
  Rewards rewards_;
  std::atomic<std::uint64_t> requests_ = 0;
  std::mutex totals_mutex_;
  std::vector<Total> totals_;
};

bool parse_options(int argc, char** argv, Options& out) {
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view const name = argv[i], value = argv[i + 1];
    std::size_t number = 0;
    auto const end = std::from_chars(value.data(), value.data() + value.size(), number).ptr;
    if (name == "--first-day") {
      if (!parse_day(value, out.first_day)) return false;
      continue;
    }
    if (end != value.data() + value.size()) return false;
    if (name == "--rows" && number > 0)
      out.rows = number;
    else if (name == "--days" && number > 0)
      out.days = number;
    else if (name == "--latency")
      out.latency = std::chrono::milliseconds(number);
    else
      return false;
  }
  return argc % 2 == 1;
}

}  // namespace

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  Options options;
  if (!parse_options(argc, argv, options)) {
    std::cerr
        << "affsync-bench-broker --rows N [--days D] [--first-day YYYY-MM-DD] [--latency MS]\n";
    return 2;
  }
  Server server(options);
  auto const listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, any, size) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, any, &size) != 0) {
    std::cerr << "affsync-bench-broker: no port: " << std::strerror(errno) << '\n';
    return 1;
  }
  std::cout << "http://127.0.0.1:" << ntohs(address.sin_port) << std::endl;
  while (true) {
    auto const connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    int const on = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto serve = [&server, connection] { server.serve(connection); };
    std::thread(serve).detach();
  }
}
