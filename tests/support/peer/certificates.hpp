// Certificates made while a test runs: issued by a test authority, expired, for another host, or
// self-signed.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace affsync::test {

struct Identity {
  std::string certificate_pem;
  std::string key_pem;
  // Of a server that demands a certificate of its clients: the authority that must have issued it.
  std::string clients_authority_pem;
};

struct CertificateOptions {
  std::vector<std::string> names{"localhost"};  // host names or IP addresses
  // Instead of those names, as OpenSSL writes it: "DNS:127.0.0.1"; "" for none.
  std::optional<std::string> alternative_names;
  int from_days = -10;  // counted from today
  int until_days = 10;
  CertificateOptions() = default;
};

class TestAuthority {
 public:
  TestAuthority();
  std::string const& certificate_pem() const { return pem_; }
  Identity issue(CertificateOptions const& options = {}) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
  std::string pem_;
};

Identity self_signed(CertificateOptions const& options = {});

}  // namespace affsync::test
