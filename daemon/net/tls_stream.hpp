// One connection to a peer, plain TCP or TLS behind the same face, every step with a time limit.
// The only unit that knows asio::ssl::stream. Used from its executor's thread; one operation at a
// time. Cancelling an operation (terminal) throws system_error(operation_aborted) and leaves the
// connection unusable.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/error.hpp"

namespace affsync::net {

namespace asio = boost::asio;

// Which certificates are believed, and the TLS settings: 1.2 at least. Clients with the same
// ca_file share one.
class Trust;

// The system's certificates and those in `ca_file` (PEM; empty: none). Errors: config_invalid when
// the file cannot be read or holds no certificate.
Result<std::shared_ptr<Trust>> load_trust(std::string const& ca_file);

enum class ReadEnd {
  none,   // the connection goes on
  clean,  // the peer ended it in order (TLS: with close_notify)
  cut,    // reset, or a TLS connection that ended without close_notify
};

struct ReadPiece {
  std::size_t bytes = 0;
  ReadEnd end = ReadEnd::none;
  boost::system::error_code error;  // why, when it was cut
};

class Stream {
 public:
  // `trust` null: plain TCP.
  Stream(asio::any_io_executor executor, std::shared_ptr<Trust> trust);
  // A connection that a server accepted, plain.
  explicit Stream(asio::ip::tcp::socket accepted);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  // Resolves the name and connects to the first address that answers. Throws Failure
  // unknown_host, connect_failed, timeout.
  asio::awaitable<void> connect(std::string host, std::string port,
                                std::chrono::milliseconds limit);

  // TLS only; nothing to do for plain TCP. The certificate must be valid and name `host`. Throws
  // Failure tls_failed with the reason in plain words, timeout, connect_failed.
  asio::awaitable<void> handshake(std::string host, std::chrono::milliseconds limit);

  // Waits for the next bytes. Throws Failure timeout.
  asio::awaitable<ReadPiece> read_some(asio::mutable_buffer buffer,
                                       std::chrono::milliseconds limit);

  // Writes all of it; an error when the connection is gone. `text` must live until it is done.
  // Throws Failure timeout.
  asio::awaitable<boost::system::error_code> write(std::string_view text,
                                                   std::chrono::milliseconds limit);

  // Nothing came in and the peer has not ended the connection: it may carry another request.
  bool is_quiet();

  void close() noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace affsync::net
