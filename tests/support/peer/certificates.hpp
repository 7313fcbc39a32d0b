// Certificates made when a test runs: by an authority of its own, expired, for another host,
// self-signed.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace affsync::test {

struct Identity {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateWishes {
  std::vector<std::string> names{"localhost"};  // host names; addresses where they are ones
  int from_days = -10;                          // counted from today
  int until_days = 10;
  CertificateWishes() = default;
};

class TestAuthority {
 public:
  TestAuthority();
  std::string const& certificate_pem() const { return pem_; }
  Identity issue(CertificateWishes const& wishes = {}) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
  std::string pem_;
};

Identity self_signed(CertificateWishes const& wishes = {});

}  // namespace affsync::test
