// Internal to tls_stream: the TLS settings and the errors for a refused certificate.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace affsync::net {

class Trust {
 public:
  Trust() : context(boost::asio::ssl::context::tls_client) {}
  boost::asio::ssl::context context;
  bool has_certificate = false;  // our own
  bool unverified = false;       // takes any certificate of the peer
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

// Returns tls_failed for the error of a connection whose peer has asked for a certificate of ours
// and has answered nothing since, if the certificate or the lack of one explains it. With TLS 1.3
// the refusal comes only after the handshake.
std::optional<Error> certificate_refusal(boost::system::error_code const& error,
                                         std::string const& host, bool has_certificate);

// Returns tls_failed with the reason and a hint.
Error to_error(CertificateFlaw const& flaw, std::string const& host);

}  // namespace affsync::net
