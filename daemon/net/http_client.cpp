#include "daemon/net/http_client.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "daemon/async/durations.hpp"
#include "daemon/net/http_codec.hpp"
#include "daemon/net/idle_pool.hpp"
#include "daemon/net/large_answers.hpp"
#include "daemon/net/tls_stream.hpp"

namespace affsync::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t piece_bytes = 64 * 1024;

// Buffers between two requests. A client does not keep its own: with a thousand sources that would
// be 64 MB. One thread uses all clients.
class SpareBuffers {
 public:
  std::string take() {
    if (spare_.empty()) return std::string(piece_bytes, '\0');
    std::string buffer = std::move(spare_.back());
    spare_.pop_back();
    return buffer;
  }
  void give(std::string buffer) {
    if (spare_.size() < most) spare_.push_back(std::move(buffer));
  }

 private:
  static constexpr std::size_t most = 8;
  std::vector<std::string> spare_;
};

SpareBuffers& spare_buffers() {
  thread_local SpareBuffers buffers;
  return buffers;
}

// Limits each step to its own timeout and to what is left of the timeout of the whole request.
class RequestClock {
 public:
  explicit RequestClock(milliseconds limit) : until_(steady_clock::now() + limit) {}
  milliseconds step(milliseconds limit) const {
    auto const left = std::chrono::ceil<milliseconds>(until_ - steady_clock::now());
    return std::max(std::min(limit, left), milliseconds(1));
  }
  bool is_over() const { return steady_clock::now() >= until_; }
  // Does not count what the peer has no part in.
  void add(steady_clock::duration wait) { until_ += wait; }

 private:
  steady_clock::time_point until_;
};

// Thrown for a kept-alive connection that turned out to be closed: the request may be sent again.
struct StaleConnection {};

class PooledClient final : public HttpClient {
 public:
  PooledClient(asio::any_io_executor executor, ClientOptions options, std::shared_ptr<Trust> trust)
      : executor_(std::move(executor)),
        options_(std::move(options)),
        trust_(std::move(trust)),
        pool_(std::make_shared<IdlePool>(executor_, options_.idle_connections)) {}
  ~PooledClient() override { pool_->clear(); }

  asio::awaitable<HttpResponse> send(HttpRequest request) override {
    RequestClock clock(options_.deadlines.request);
    Error error;
    bool sent = false;
    try {
      co_return co_await send_within(request, clock, sent);
    } catch (LapsedConnection const&) {
      throw;
    } catch (Failure const& failure) {
      error = failure.error();
    }
    if (error.code == ErrorCode::timeout && clock.is_over()) {
      error.message +=
          " (the whole request may take " + async::to_text(options_.deadlines.request) + ")";
    }
    bool const may_be_raised = error.code == ErrorCode::timeout && clock.is_over();
    if (may_be_raised && error.hint.empty()) error.hint = hint_of_wait;
    error.at(std::string(to_string(request.method)) + " " + options_.origin.base_path +
             request.target);
    if (sent) throw UnansweredRequest(error);
    throw Failure(error);
  }

  void close() override { pool_->clear(); }

 private:
  // `sent`: set once the whole request was sent.
  asio::awaitable<HttpResponse> send_within(HttpRequest const& request, RequestClock& clock,
                                            bool& sent) {
    auto const& origin = options_.origin;
    bool const is_secret =
        request.secret_target || !request.secret_headers.empty() || request.method != Method::get;
    if (options_.unverified && is_secret) {
      throw Failure(ErrorCode::internal, "no secret is sent to a peer that nobody has verified");
    }
    // A proxy only tunnels TLS, but reads and forwards requests over plain HTTP.
    Proxy const* const reader = options_.proxy && !origin.tls ? &*options_.proxy : nullptr;
    Secret const bytes = encode_request(request, origin, options_.user_agent, reader).value();
    // A login must not be sent twice, also not by GET, so it never uses a connection that may be
    // closed.
    std::optional<HttpResponse> response;
    bool lapsed = false;
    if (request.only_reads) response = co_await exchange_on_kept(bytes, clock, lapsed, sent);
    if (!response && lapsed && request.is_signed) {
      throw LapsedConnection(ErrorCode::connect_failed,
                             "the peer closed the connection without an answer");
    }
    sent = sent && response;
    if (!response) response = co_await exchange_on_new(bytes, clock, sent);
    if (reader != nullptr && response->status == 407) refuse_proxy(*reader, "HTTP 407");
    co_return std::move(*response);
  }

  // Returns nothing if no connection is kept; or, with `lapsed`, if it was closed, or what came is
  // no answer.
  asio::awaitable<std::optional<HttpResponse>> exchange_on_kept(Secret const& bytes,
                                                                RequestClock& clock, bool& lapsed,
                                                                bool& sent) {
    auto kept = pool_->take();
    if (!kept) co_return std::nullopt;
    try {
      co_return co_await exchange(std::move(*kept), bytes, clock, true, sent);
    } catch (StaleConnection const&) {
    }
    lapsed = true;
    pool_->clear();  // the other connections are probably closed too
    co_return std::nullopt;
  }

  asio::awaitable<HttpResponse> exchange_on_new(Secret const& bytes, RequestClock& clock,
                                                bool& sent) {
    auto const& origin = options_.origin;
    Stream stream(executor_, trust_);
    if (options_.proxy) {
      co_await connect_through(stream, *options_.proxy, clock);
    } else {
      co_await stream.connect(origin.host, origin.port, clock.step(options_.deadlines.connect));
    }
    std::optional<Error> flaw;
    try {
      co_await stream.handshake(origin.host, clock.step(options_.deadlines.handshake));
    } catch (Failure const& failure) {
      flaw = failure.error();
    }
    if (flaw && options_.proxy) {
      // A portal says yes to everything and then shows its own page.
      flaw->message += " (through the proxy " + name_of(*options_.proxy) + ")";
      if (flaw->hint.empty() || flaw->code != ErrorCode::tls_failed) {
        flaw->hint = "Check the proxy, or " + way_without(*options_.proxy);
      }
    }
    if (flaw) throw Failure(std::move(*flaw));
    co_return co_await exchange(std::move(stream), bytes, clock, false, sent);
  }

  asio::awaitable<void> connect_through(Stream& stream, Proxy const& proxy, RequestClock& clock) {
    std::optional<Error> flaw, silent;
    try {
      co_await stream.connect(proxy.host, proxy.port, clock.step(options_.deadlines.connect));
    } catch (Failure const& failure) {
      flaw = failure.error();
    }
    if (flaw) {
      flaw->message += " (the proxy of " + proxy.from + ")";
      flaw->hint = "Check the proxy, or " + way_without(proxy);
      throw Failure(std::move(*flaw));
    }
    if (!options_.origin.tls) co_return;
    Secret const bytes = encode_connect(options_.origin, options_.user_agent, proxy).value();
    auto const deadline = options_.deadlines.handshake;
    auto const error = co_await stream.write(bytes.reveal(), clock.step(deadline));
    if (error) refuse_proxy(proxy, error.message());
    // Read byte by byte: everything after the header belongs to TLS.
    std::string head;
    constexpr std::size_t most = 16 * 1024;
    while (!head.ends_with("\r\n\r\n")) {
      char byte = 0;
      ReadPiece piece;
      try {
        piece = co_await stream.read_some(asio::mutable_buffer(&byte, 1), clock.step(deadline));
      } catch (Failure const& failure) {
        silent = failure.error();
      }
      if (silent) {
        silent->message =
            "the proxy " + name_of(proxy) + " does not answer to CONNECT: " + silent->message;
        silent->hint = "Check the proxy, or " + way_without(proxy);
        throw Failure(std::move(*silent));
      }
      if (piece.bytes == 0 || head.size() > most) {
        refuse_proxy(proxy, "it closed the connection or did not answer in HTTP");
      }
      head += byte;
    }
    bool const is_http = head.starts_with("HTTP/1.") && head.size() > 12 && head[8] == ' ';
    if (!is_http || head[9] != '2') refuse_proxy(proxy, head.substr(0, head.find('\r')));
  }

  static std::string name_of(Proxy const& proxy) {
    return proxy.host + ":" + proxy.port + " (" + proxy.from + ")";
  }

  // NO_PROXY is about proxies of the environment only.
  static std::string way_without(Proxy const& proxy) {
    return proxy.from == configured_proxy ? "set `proxy: none`." : "name this host in NO_PROXY.";
  }

  [[noreturn]] void refuse_proxy(Proxy const& proxy, std::string const& why) const {
    std::string said;
    for (char const c : why.substr(0, 200)) said += c >= ' ' && c <= '~' ? c : '?';
    std::string const its = "the proxy " + name_of(proxy);
    // Tinyproxy answers 401 to a wrong password.
    bool const wants_login =
        why.find(" 407") != std::string::npos || why.find(" 401") != std::string::npos;
    if (!wants_login) {
      throw Failure(ErrorCode::connect_failed,
                    its + " does not connect to " + options_.origin.host_header() + ": " + said,
                    "Ask the proxy's administrator, or " + way_without(proxy));
    }
    // Not sent again at once: a directory behind the proxy may lock the account after a few
    // attempts.
    throw Failure(ErrorCode::config_invalid, its + " refuses the login: " + said,
                  proxy.authorization.empty()
                      ? "Give it a name and password: http://name:password@" + proxy.host + ":" +
                            proxy.port + "."
                      : "Check the name and password in " + proxy.from + ", percent-encoded.");
  }

  asio::awaitable<HttpResponse> exchange(Stream stream, Secret const& bytes, RequestClock& clock,
                                         bool reused, bool& sent) {
    ResponseDecoder decoder(options_.limits, !reused);
    auto error = co_await stream.write(bytes.reveal(), clock.step(options_.deadlines.read));
    if (error) throw_gone(reused, error);
    sent = true;
    std::string buffer = spare_buffers().take();
    std::string_view leftover;
    LargeAnswers::PlacePtr place;
    std::size_t granted = options_.limits.small_bytes;
    while (!decoder.is_done()) {
      asio::mutable_buffer const room(buffer.data(), buffer.size());
      ReadPiece piece;
      std::optional<Error> late;
      try {
        piece = co_await stream.read_some(room, clock.step(options_.deadlines.read));
      } catch (Failure const& failure) {
        late = failure.error();
      }
      if (late) {
        // Bytes came all the time: then it is the time of the whole request that ran out.
        if (late->code == ErrorCode::timeout && clock.is_over() && decoder.has_begun()) {
          late->message = "the answer did not end in time, " + std::to_string(decoder.bytes()) +
                          " bytes of it had arrived";
        }
        decoder.give_up(std::move(*late)).value();
        break;
      }
      std::string_view const text(buffer.data(), piece.bytes);
      auto const used = decoder.put(text);
      // Such as the line break behind the answer before.
      if (!used && reused && !decoder.has_status()) throw StaleConnection();
      leftover = text.substr(used.value());
      auto const size = decoder.body_size();
      if (size > granted) {
        auto const since = steady_clock::now();
        granted = std::max(size, 2 * granted);
        co_await large_answers().enlarge(place, granted);
        clock.add(steady_clock::now() - since);
      }
      if (piece.end == ReadEnd::none) continue;
      if (!decoder.has_begun()) throw_gone(reused, piece.error);
      decoder.put_end(piece.end == ReadEnd::clean, piece.reason).value();
    }
    // Bytes after the answer belong to no request: do not use that connection again.
    if (decoder.keeps_alive() && leftover.empty()) pool_->give(std::move(stream));
    auto response = decoder.take();
    response.place = std::move(place);
    response.has_surplus = !trim_blanks(leftover).empty();
    spare_buffers().give(std::move(buffer));
    co_return response;
  }

  [[noreturn]] static void throw_gone(bool reused, boost::system::error_code error) {
    if (reused) throw StaleConnection();
    throw Failure(ErrorCode::connect_failed, "the peer closed the connection without an answer" +
                                                 (error ? ": " + error.message() : std::string()));
  }

  asio::any_io_executor executor_;
  ClientOptions options_;
  std::shared_ptr<Trust> trust_;
  std::shared_ptr<IdlePool> pool_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> make_http_client(asio::any_io_executor executor,
                                                     ClientOptions options) {
  std::shared_ptr<Trust> trust;
  if (options.origin.tls) {
    TlsFiles files{options.ca_file, options.certificate_file, options.key_file, options.unverified};
    auto loaded = load_trust(files);
    if (!loaded) return loaded.error();
    trust = std::move(*loaded);
  }
  return std::unique_ptr<HttpClient>(
      std::make_unique<PooledClient>(std::move(executor), std::move(options), std::move(trust)));
}

}  // namespace affsync::net
