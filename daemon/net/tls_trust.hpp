// Inside of tls_stream: the TLS settings and the words for a certificate that was refused.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <string>

#include "base/error.hpp"

namespace affsync::net {

class Trust {
 public:
  explicit Trust(std::string file)
      : context(boost::asio::ssl::context::tls_client), ca_file(std::move(file)) {}
  boost::asio::ssl::context context;
  std::string ca_file;
};

// What the verification disliked first.
struct CertificateFlaw {
  int code = 0;         // X509_V_ERR_…; 0: nothing
  std::string names;    // host names of the certificate, for a mismatch
  std::string expired;  // its last day, when that has passed
  std::string subject;
};

// Reads the flaw out of a verification that has just said no.
CertificateFlaw read_flaw(boost::asio::ssl::verify_context& context);

// tls_failed, in plain words and with what to do.
Error to_error(CertificateFlaw const& flaw, std::string const& host);

}  // namespace affsync::net
