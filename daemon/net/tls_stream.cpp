#include "daemon/net/tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include "daemon/async/durations.hpp"
#include "daemon/net/connect.hpp"
#include "daemon/net/resolve.hpp"
#include "daemon/net/tls_server_context.hpp"
#include "daemon/net/tls_trust.hpp"

namespace affsync::net {

using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

bool is_short_of_files(error_code const& error) {
  return error == boost::system::errc::too_many_files_open ||
         error == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace

struct Stream::Impl : std::enable_shared_from_this<Stream::Impl> {
  Impl(asio::any_io_executor executor, std::shared_ptr<Trust> its_trust)
      : trust(std::move(its_trust)), socket(executor), watchdog(executor) {}
  explicit Impl(asio::ip::tcp::socket accepted)
      : socket(std::move(accepted)), watchdog(socket.get_executor()) {}

  std::shared_ptr<Trust> trust;              // outlives `tls`
  std::shared_ptr<ServerIdentity> identity;  // the same
  asio::ip::tcp::socket socket;
  std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls;
  asio::steady_timer watchdog;
  std::uint64_t step = 0;  // number of the current step, to ignore a late timeout of an earlier one
  bool expired = false;
  CertificateFlaw flaw;
  std::string host;  // of the peer, for messages
  // The peer has asked for a certificate of ours, and nothing has arrived since.
  bool certificate_asked = false;

  void throw_refused_certificate(error_code const& error) const {
    if (!error || !certificate_asked) return;
    auto refused = certificate_refusal(error, host, trust->has_certificate);
    if (refused) throw Failure(std::move(*refused));
  }

  // Starts a step. At its timeout the socket is closed, which ends the operation that waits on it.
  // This is cheaper than a second coroutine for every read.
  void start(milliseconds limit) {
    expired = false;
    watchdog.expires_after(limit);
    watchdog.async_wait([weak = weak_from_this(), now = ++step](error_code error) {
      auto const self = weak.lock();
      if (error || !self || self->step != now) return;
      self->expired = true;
      self->close();
    });
  }

  // Ends a step. operation_aborted without an expired timeout means that the step was cancelled.
  void finish(error_code error, std::string const& timeout_text, std::string const& hint = {}) {
    ++step;
    watchdog.cancel();
    if (expired) throw Failure(ErrorCode::timeout, timeout_text, hint);
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
  }

  void close() noexcept {
    error_code ignored;
    socket.close(ignored);
  }
};

Stream::Stream(asio::any_io_executor executor, std::shared_ptr<Trust> trust)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(trust))) {}
Stream::Stream(asio::ip::tcp::socket accepted)
    : impl_(std::make_shared<Impl>(std::move(accepted))) {}
Stream::Stream(asio::ip::tcp::socket accepted, std::shared_ptr<ServerIdentity> identity)
    : Stream(std::move(accepted)) {
  impl_->identity = std::move(identity);
}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() {
  if (impl_) close();
}

asio::awaitable<void> Stream::connect(std::string host, std::string port, milliseconds limit) {
  auto const impl = impl_;
  auto const until = steady_clock::now() + limit;
  auto const left = [&] {
    auto const rest = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    return std::max(rest, milliseconds(1));
  };
  auto endpoints = co_await resolve(host, port, limit);
  std::string const peer = host + ":" + port;
  order_by_experience(peer, endpoints);
  constexpr milliseconds pause_without_files(200);
  error_code error;
  for (;;) {
    auto connected = co_await connect_first(endpoints, left());
    if (connected.socket) {
      impl->socket = std::move(*connected.socket);
      impl->socket.set_option(asio::ip::tcp::no_delay(true), error);
      if (endpoints.size() > 1) {
        auto const endpoint = impl->socket.remote_endpoint(error);
        if (!error) note_answer(peer, endpoint);
      }
      co_return;
    }
    error = connected.error;
    if (left() <= milliseconds(1)) {
      throw Failure(ErrorCode::timeout,
                    "no connection to " + peer + " within " + async::to_text(limit));
    }
    if (!is_short_of_files(error) || left() <= pause_without_files) break;
    // Other connections end all the time: wait for one.
    asio::steady_timer pause(co_await asio::this_coro::executor, pause_without_files);
    co_await pause.async_wait(asio::use_awaitable);
  }
  throw Failure(ErrorCode::connect_failed, "no connection to " + peer + ": " + error.message(),
                "Check base_url, the network and firewalls on the way.");
}

asio::awaitable<void> Stream::handshake(std::string host, milliseconds limit) {
  auto const impl = impl_;
  if (!impl->trust) co_return;
  impl->host = host;
  auto& tls = impl->tls.emplace(impl->socket, impl->trust->context);
  SSL* const ssl = tls.native_handle();
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
  error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (not_an_address) {
    SSL_set_tlsext_host_name(ssl, host.c_str());
    X509_VERIFY_PARAM_set_hostflags(
        wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str());
  }
  tls.set_verify_mode(impl->trust->unverified ? asio::ssl::verify_none : asio::ssl::verify_peer);
  tls.set_verify_callback([impl = impl.get()](bool good, asio::ssl::verify_context& context) {
    if (!good && impl->flaw.code == 0) impl->flaw = read_flaw(context);
    return good;
  });

  // Called when the peer asks for a certificate, whether or not there is one.
  auto const note_question = [](SSL*, void* self) {
    static_cast<Impl*>(self)->certificate_asked = true;
    return 1;
  };
  SSL_set_cert_cb(ssl, note_question, impl.get());

  error_code error;
  impl->start(limit);
  co_await tls.async_handshake(asio::ssl::stream_base::client,
                               asio::redirect_error(asio::use_awaitable, error));
  impl->finish(error,
               "the TLS handshake with " + host + " did not end within " + async::to_text(limit));
  if (!error) co_return;
  if (impl->flaw.code != 0) throw Failure(to_error(impl->flaw, host));
  impl->throw_refused_certificate(error);
  if (error.category() != asio::error::get_ssl_category()) {
    throw Failure(ErrorCode::connect_failed,
                  host + " closed the connection during the TLS handshake: " + error.message());
  }
  std::string hint;
  switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
      hint = "The port does not use TLS. Check the scheme and port in base_url.";
      break;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      hint = "affsync requires TLS 1.2 or newer. The broker has to enable it.";
      break;
    default:
      break;
  }
  throw Failure(ErrorCode::tls_failed,
                "the TLS handshake with " + host + " failed: " + error.message(), hint);
}

asio::awaitable<error_code> Stream::answer_handshake(milliseconds limit) {
  auto const impl = impl_;
  error_code error;
  if (!impl->identity) co_return error;
  auto& tls = impl->tls.emplace(impl->socket, impl->identity->context);
  impl->start(limit);
  co_await tls.async_handshake(asio::ssl::stream_base::server,
                               asio::redirect_error(asio::use_awaitable, error));
  impl->finish(error, "the TLS handshake did not end within " + async::to_text(limit));
  co_return error;
}

asio::awaitable<ReadPiece> Stream::read_some(asio::mutable_buffer buffer, milliseconds limit) {
  auto const impl = impl_;
  ReadPiece piece;
  impl->start(limit);
  if (impl->tls) {
    piece.bytes = co_await impl->tls->async_read_some(
        buffer, asio::redirect_error(asio::use_awaitable, piece.error));
  } else {
    piece.bytes = co_await impl->socket.async_read_some(
        buffer, asio::redirect_error(asio::use_awaitable, piece.error));
  }
  impl->finish(piece.error, "nothing arrived within " + async::to_text(limit), hint_of_wait);
  if (piece.error != asio::error::eof) impl->throw_refused_certificate(piece.error);
  impl->certificate_asked = false;
  if (piece.error == asio::error::eof) {
    piece.error.clear();
    piece.end = ReadEnd::clean;
  } else if (piece.error) {
    piece.end = ReadEnd::cut;
    piece.reason = piece.error == asio::ssl::error::stream_truncated
                       ? "TLS ended without close_notify, so it may have been cut"
                       : piece.error.message();
  }
  co_return piece;
}

asio::awaitable<error_code> Stream::write(std::string_view text, milliseconds limit) {
  auto const impl = impl_;
  error_code error;
  impl->start(limit);
  asio::const_buffer const buffer(text.data(), text.size());
  if (impl->tls) {
    co_await asio::async_write(*impl->tls, buffer,
                               asio::redirect_error(asio::use_awaitable, error));
  } else {
    co_await asio::async_write(impl->socket, buffer,
                               asio::redirect_error(asio::use_awaitable, error));
  }
  impl->finish(error, "the request could not be sent within " + async::to_text(limit),
               hint_of_wait);
  impl->throw_refused_certificate(error);
  co_return error;
}

bool Stream::is_quiet() {
  if (!impl_->socket.is_open()) return false;
  // What has been received but not read is no longer in the socket: a record of its own behind the
  // answer, decrypted or not.
  if (impl_->tls) {
    SSL* const ssl = impl_->tls->native_handle();
    if (SSL_has_pending(ssl) == 1 || BIO_ctrl_pending(SSL_get_rbio(ssl)) > 0) return false;
  }
  char byte = 0;
  auto const got =
      ::recv(impl_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Stream::close() noexcept {
  ++impl_->step;
  impl_->watchdog.cancel();
  impl_->close();
}

}  // namespace affsync::net
