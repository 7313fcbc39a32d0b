#include "tests/support/peer/certificates.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace affsync::test {
namespace {

std::shared_ptr<EVP_PKEY> make_key() {
  return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

template <class Write>
std::string to_pem(Write write) {
  std::shared_ptr<BIO> const memory(BIO_new(BIO_s_mem()), BIO_free);
  if (write(memory.get()) != 1) throw std::runtime_error("PEM");
  char* data = nullptr;
  long const size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

void add_extension(X509* certificate, X509* issuer, int id, std::string const& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  if (extension == nullptr) throw std::runtime_error("extension " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string alternative_names(std::vector<std::string> const& names) {
  std::string text;
  for (auto const& name : names) {
    bool const address = name.find_first_not_of("0123456789.:") == std::string::npos;
    text += (text.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  return text;
}

std::shared_ptr<X509> make_certificate(CertificateOptions const& options,
                                       std::string const& subject, EVP_PKEY* key, X509* issuer,
                                       EVP_PKEY* issuer_key) {
  static long serial = 1;
  std::shared_ptr<X509> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_time_adj_ex(X509_getm_notBefore(certificate.get()), options.from_days, 0, nullptr);
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), options.until_days, 0, nullptr);
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<unsigned char const*>(subject.c_str()), -1, -1, 0);
  X509* const signer = issuer != nullptr ? issuer : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  X509_set_pubkey(certificate.get(), key);
  bool const authority = options.names.empty();
  add_extension(certificate.get(), signer, NID_basic_constraints,
                authority ? "critical,CA:TRUE" : "CA:FALSE");
  auto const names = options.alternative_names.value_or(alternative_names(options.names));
  if (!authority && !names.empty()) {
    add_extension(certificate.get(), signer, NID_subject_alt_name, names);
  }
  if (X509_sign(certificate.get(), issuer_key, EVP_sha256()) == 0) {
    throw std::runtime_error("signing");
  }
  return certificate;
}

Identity to_identity(X509* certificate, EVP_PKEY* key) {
  Identity identity;
  identity.certificate_pem = to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
  identity.key_pem = to_pem([&](BIO* out) {
    return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  return identity;
}

}  // namespace

TestAuthority::TestAuthority() : key_(make_key()) {
  CertificateOptions options;
  options.names.clear();
  certificate_ = make_certificate(options, "Test Authority", key_.get(), nullptr, key_.get());
  pem_ = to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
}

Identity TestAuthority::issue(CertificateOptions const& options) const {
  auto const key = make_key();
  auto const certificate =
      make_certificate(options, options.names.front(), key.get(), certificate_.get(), key_.get());
  return to_identity(certificate.get(), key.get());
}

Identity self_signed(CertificateOptions const& options) {
  auto const key = make_key();
  auto const certificate =
      make_certificate(options, options.names.front(), key.get(), nullptr, key.get());
  return to_identity(certificate.get(), key.get());
}

}  // namespace affsync::test
