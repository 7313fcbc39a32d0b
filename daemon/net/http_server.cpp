#include "daemon/net/http_server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <list>
#include <map>

#include "base/text.hpp"
#include "daemon/async/cancel_safe.hpp"
#include "daemon/async/event.hpp"
#include "daemon/async/with_timeout.hpp"
#include "daemon/net/http_codec.hpp"
#include "daemon/net/request_rules.hpp"
#include "daemon/net/tls_stream.hpp"

namespace affsync::net {
namespace {

using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t max_connections = 64;
// So many requests of one address are answered at once; the places that are left are for others.
constexpr std::ptrdiff_t most_of_an_address = 48;
constexpr milliseconds header_limit{10'000};  // to receive a header, also on an idle connection
constexpr milliseconds handler_limit{30'000};
constexpr milliseconds write_limit{10'000};

HttpRequest to_request(IncomingRequest const& incoming) {
  HttpRequest request(incoming.method == "POST" ? Method::post : Method::get,
                      path_of(incoming).value_or("/"));
  request.headers = incoming.headers;
  return request;
}

class SmallServer final : public HttpServer {
 public:
  SmallServer(asio::ip::tcp::acceptor acceptor, RequestHandler handler, ServerLimits limits,
              IdentityKeeper identity)
      : acceptor_(std::move(acceptor)),
        handler_(std::move(handler)),
        limits_(limits),
        identity_(std::move(identity)),
        port_(acceptor_.local_endpoint().port()) {}

  unsigned short port() const override { return port_; }

  void stop() override {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    auto const all = sessions_;  // a session may leave the list inside emit()
    for (auto const& session : all) session->end.emit(asio::cancellation_type::terminal);
    changed_.tell();
  }

  asio::awaitable<void> serve() override {
    bool cancelled = false;
    try {
      co_await accept_all();
    } catch (boost::system::system_error const&) {
      cancelled = true;
    }
    stop();
    // Wait for the sessions to end even if serve() itself was cancelled.
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    while (!sessions_.empty()) co_await changed_.told();
    if (cancelled) throw boost::system::system_error(asio::error::operation_aborted);
  }

 private:
  enum class State {
    of_client,   // the client is to send a request, or to take the answer
    of_turn,     // the request waits until fewer of its address are being answered
    of_handler,  // it is being answered
  };
  struct Session {
    asio::cancellation_signal end;
    std::string peer;
    State state = State::of_client;
    asio::steady_timer::time_point since = asio::steady_timer::clock_type::now();
    bool is_ended = false;  // to make room; it leaves the list soon

    void enter(State next) {
      state = next;
      since = asio::steady_timer::clock_type::now();
    }
  };

  // Whether `one` gives up its place before `other`, whose address has as many: who is silent
  // before who waits for us, the longest silence first, and of those who wait for us the last one.
  static bool goes_before(Session const& one, Session const& other) {
    if (one.state != other.state) return one.state == State::of_client;
    return one.state == State::of_client ? one.since < other.since : one.since > other.since;
  }

  // Ends the connection that has waited longest for its client, of the address that has most of
  // them; so who opens many takes places from nobody else. If all of that address wait for us, the
  // last one is refused. There may be none that waits.
  void make_room() {
    std::map<std::string_view, std::size_t> places;
    for (auto const& session : sessions_) {
      if (session->is_ended) return;
      ++places[session->peer];
    }
    std::shared_ptr<Session> chosen;
    for (auto const& session : sessions_) {
      if (session->state == State::of_handler) continue;
      auto const count = places[session->peer];
      auto const most = chosen ? places[chosen->peer] : 0;
      if (count > most || (count == most && goes_before(*session, *chosen))) chosen = session;
    }
    if (!chosen) return;
    chosen->is_ended = true;
    if (chosen->state == State::of_turn) {
      changed_.tell();  // it answers that there is no place
    } else {
      chosen->end.emit(asio::cancellation_type::terminal);
    }
  }

  asio::awaitable<void> accept_all() {
    while (!stopping_) {
      error_code error;
      auto socket =
          co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (stopping_) break;
      if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
      if (error) {
        // Most likely no file descriptor is free: wait for other connections to end.
        asio::steady_timer pause(acceptor_.get_executor(), milliseconds(200));
        co_await pause.async_wait(asio::use_awaitable);
        continue;
      }
      while (!stopping_ && sessions_.size() >= max_connections) {
        make_room();
        if (sessions_.size() >= max_connections) co_await changed_.told();
      }
      if (!stopping_) start(std::move(socket));
    }
  }

  void start(asio::ip::tcp::socket socket) {
    auto const session = std::make_shared<Session>();
    sessions_.push_back(session);
    auto ended = [this, session](std::exception_ptr) {
      sessions_.remove(session);
      changed_.tell();
    };
    error_code gone;
    auto const end = socket.remote_endpoint(gone);
    if (!gone) session->peer = end.address().to_string();
    Stream stream(std::move(socket), identity_.current());
    auto work = async::cancel_safe(talk(std::move(stream), session));
    asio::co_spawn(acceptor_.get_executor(), std::move(work),
                   asio::bind_cancellation_slot(session->end.slot(), std::move(ended)));
  }

  // Serves one connection, request after request. An error ends only this connection.
  asio::awaitable<void> talk(Stream stream, std::shared_ptr<Session> session) {
    if (co_await stream.answer_handshake(header_limit)) co_return;
    std::array<char, 4096> buffer;
    std::string unused;  // bytes of the next request that arrived with the last one
    for (bool more = true; more;) {
      RequestDecoder decoder(limits_.header_bytes);
      auto const until = std::chrono::steady_clock::now() + header_limit;
      std::optional<HttpResponse> answer;
      while (!decoder.is_done() && !answer) {
        if (unused.empty()) {
          auto const left =
              std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
          asio::mutable_buffer const room(buffer.data(), buffer.size());
          auto const piece = co_await stream.read_some(room, std::max(left, milliseconds(1)));
          if (piece.end != ReadEnd::none) co_return;
          unused.assign(buffer.data(), piece.bytes);
        }
        auto const used = decoder.put(unused);
        if (used) {
          unused.erase(0, *used);
        } else {
          bool const large = used.error().code == ErrorCode::answer_too_large;
          answer = plain_answer(large ? 431 : 400, used.error().message);
        }
      }
      bool head = false;
      more = false;
      if (!answer) {
        auto const request = decoder.take();
        head = request.method == "HEAD";
        answer = refuse(request, limits_);
        if (!answer) {
          more = request.keep_alive && !stopping_;
          std::size_t const length = request.has_body ? length_of(request) : 0;
          while (unused.size() < length) {
            auto const left =
                std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
            asio::mutable_buffer const room(buffer.data(), buffer.size());
            auto const piece = co_await stream.read_some(room, std::max(left, milliseconds(1)));
            if (piece.end != ReadEnd::none) co_return;
            unused.append(buffer.data(), piece.bytes);
          }
          auto body = unused.substr(0, length);
          unused.erase(0, length);
          bool const has_turn = co_await take_turn(*session);
          if (has_turn) answer = co_await handle(request, std::move(body), session->peer);
          if (!has_turn) answer = no_place();
          more = more && has_turn;
          session->enter(State::of_client);
          changed_.tell();
        }
      }
      std::string const bytes = encode_response(*answer, head, more);
      if (co_await stream.write(bytes, write_limit)) co_return;
    }
  }

  // Waits until few enough requests of its address are being answered. Returns false if its place
  // is for somebody else by then.
  asio::awaitable<bool> take_turn(Session& session) {
    auto const is_of_it = [&](auto const& other) {
      return other->state == State::of_handler && other->peer == session.peer;
    };
    session.enter(State::of_turn);
    while (std::ranges::count_if(sessions_, is_of_it) >= most_of_an_address) {
      co_await changed_.told();
      if (session.is_ended) co_return false;
    }
    session.enter(State::of_handler);
    co_return true;
  }

  static HttpResponse no_place() {
    auto response = plain_answer(503, "too many requests of this address wait for an answer");
    response.headers.add("Retry-After", "1");
    return response;
  }

  asio::awaitable<HttpResponse> handle(IncomingRequest const& incoming, std::string body,
                                       std::string peer) {
    std::string text;
    try {
      auto request = to_request(incoming);
      request.body = std::move(body);
      auto work = handler_(std::move(request), std::move(peer));
      co_return co_await async::with_timeout(std::move(work), handler_limit, "the answer");
    } catch (Failure const& failure) {
      text = failure.error().message;
    } catch (boost::system::system_error const& error) {
      if (error.code() == asio::error::operation_aborted) throw;
      text = error.what();
    } catch (std::exception const& error) {
      text = error.what();
    }
    co_return plain_answer(500, text);
  }

  asio::ip::tcp::acceptor acceptor_;
  RequestHandler handler_;
  ServerLimits limits_;
  IdentityKeeper identity_;
  std::list<std::shared_ptr<Session>> sessions_;
  async::Event changed_;  // a session has ended, waits for its client again, or gives up its place
  unsigned short port_;
  bool stopping_ = false;
};

Result<asio::ip::tcp::endpoint> parse_listen(std::string const& listen) {
  Error const bad(ErrorCode::config_invalid, "\"" + listen + "\" in http.listen is not an address",
                  "Write it like 127.0.0.1:9464 or [::1]:9464, or \"off\".");
  auto const colon = listen.rfind(':');
  if (colon == std::string::npos) return bad;
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return bad;
  }
  if (host == "localhost") host = "127.0.0.1";
  error_code error;
  auto const address = asio::ip::make_address(host, error);
  unsigned short port = 0;
  char const* const last = listen.data() + listen.size();
  auto const [end, flaw] = std::from_chars(listen.data() + colon + 1, last, port);
  if (error || flaw != std::errc() || end != last) return bad;
  return asio::ip::tcp::endpoint(address, port);
}

Error cannot_bind(std::string const& listen, unsigned short port, error_code error) {
  if (error == asio::error::address_in_use) {
    return Error(ErrorCode::connect_failed,
                 listen + " in http.listen is already in use, maybe by another affsync",
                 "`ss -ltnp 'sport = :" + std::to_string(port) +
                     "'` shows the program that uses it. Choose another port, or \"off\".");
  }
  return Error(ErrorCode::connect_failed,
               "cannot listen on " + listen + " (http.listen): " + error.message(),
               "Choose an address of this machine and a port above 1023.");
}

}  // namespace

Result<std::unique_ptr<HttpServer>> make_http_server(asio::any_io_executor executor,
                                                     std::string const& listen,
                                                     RequestHandler handler, ServerLimits limits,
                                                     ServerTlsFiles tls) {
  auto const endpoint = parse_listen(listen);
  if (!endpoint) return endpoint.error();
  IdentityKeeper identity(std::move(tls));
  if (auto const loaded = identity.load(); !loaded) return loaded.error();
  asio::ip::tcp::acceptor acceptor(executor);
  error_code error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(asio::ip::tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return cannot_bind(listen, endpoint->port(), error);
  return std::unique_ptr<HttpServer>(std::make_unique<SmallServer>(
      std::move(acceptor), std::move(handler), limits, std::move(identity)));
}

}  // namespace affsync::net
