// One connection to a peer, plain TCP or TLS with the same interface, with a timeout for every
// step. The only unit that uses asio::ssl::stream. Use it from its executor's thread, one operation
// at a time. Cancelling an operation (terminal) throws system_error(operation_aborted) and leaves
// the connection unusable.
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

// The trusted certificates, our own, and the TLS settings (at least TLS 1.2). Clients with the same
// files share one.
class Trust;

// The certificate of a server; see tls_identity.hpp.
class ServerIdentity;

// PEM files; each may be empty.
struct TlsFiles {
  std::string ca;                // additional CA certificates
  std::string certificate, key;  // our own, for a peer that demands one
  bool unverified = false;       // any certificate is taken: see ClientOptions
  auto operator<=>(TlsFiles const&) const = default;
};

// Loads the system's certificates and the files. Errors: config_invalid if one cannot be read or is
// not what it should be.
Result<std::shared_ptr<Trust>> load_trust(TlsFiles const& files);

enum class ReadEnd {
  none,   // the connection is still open
  clean,  // the peer closed it in order (TLS: with close_notify)
  cut,    // the connection was reset, or TLS ended without close_notify
};

struct ReadPiece {
  std::size_t bytes = 0;
  ReadEnd end = ReadEnd::none;
  boost::system::error_code error;  // the reason if `end` is cut
  std::string reason;               // the same in words
};

// What to do if a peer takes longer than it may.
inline constexpr char const* hint_of_wait =
    "Raise `timeout` of this source, or of `defaults`, if the broker needs longer.";

class Stream {
 public:
  // If `trust` is null: plain TCP.
  Stream(asio::any_io_executor executor, std::shared_ptr<Trust> trust);
  // A plain TCP connection that a server accepted.
  explicit Stream(asio::ip::tcp::socket accepted);
  // A connection that a server accepted, over TLS if `identity` is not null.
  Stream(asio::ip::tcp::socket accepted, std::shared_ptr<ServerIdentity> identity);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  // Resolves the name and connects to the first address that answers. Throws Failure
  // unknown_host, connect_failed, timeout.
  asio::awaitable<void> connect(std::string host, std::string port,
                                std::chrono::milliseconds limit);

  // Starts TLS; does nothing for plain TCP. The certificate must be valid and name `host`. Throws
  // Failure tls_failed with the reason, timeout, connect_failed.
  asio::awaitable<void> handshake(std::string host, std::chrono::milliseconds limit);

  // Answers the TLS handshake of a client; does nothing for plain TCP. Returns an error if there is
  // none, such as from a client that speaks plain HTTP. Throws Failure timeout.
  asio::awaitable<boost::system::error_code> answer_handshake(std::chrono::milliseconds limit);

  // Waits for the next bytes. Throws Failure timeout.
  asio::awaitable<ReadPiece> read_some(asio::mutable_buffer buffer,
                                       std::chrono::milliseconds limit);

  // Writes all of `text`, which must live until then. Returns an error if the connection was
  // closed. Throws Failure timeout.
  asio::awaitable<boost::system::error_code> write(std::string_view text,
                                                   std::chrono::milliseconds limit);

  // True if the peer has neither sent anything nor closed the connection, so that it can be used
  // for another request.
  bool is_quiet();

  void close() noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace affsync::net
