// Internal to tls_stream: the TLS settings of a server.
#pragma once

#include <boost/asio/ssl/context.hpp>

namespace affsync::net {

class ServerIdentity {
 public:
  ServerIdentity() : context(boost::asio::ssl::context::tls_server) {}
  boost::asio::ssl::context context;
};

}  // namespace affsync::net
