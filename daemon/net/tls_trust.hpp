// Internal to tls_stream: the TLS settings and the errors for a refused certificate.
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

// The first problem that the verification of a certificate found.
struct CertificateFlaw {
  int code = 0;         // X509_V_ERR_…; 0: none
  std::string names;    // host names of the certificate, for a mismatch
  std::string expired;  // the last day of its validity
  std::string subject;  // its common name
};

// Reads the problem from the context of a failed verification.
CertificateFlaw read_flaw(boost::asio::ssl::verify_context& context);

// Returns tls_failed with the reason and a hint.
Error to_error(CertificateFlaw const& flaw, std::string const& host);

}  // namespace affsync::net
