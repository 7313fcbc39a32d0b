#include "daemon/net/tls_trust.hpp"

#include <openssl/asn1.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <filesystem>
#include <map>
#include <mutex>
#include <tuple>

#include "daemon/net/tls_stream.hpp"

namespace affsync::net {
namespace {

std::string text_of(ASN1_STRING const* string) {
  auto const* bytes = ASN1_STRING_get0_data(string);
  std::string text;
  for (int i = 0; i < ASN1_STRING_length(string); ++i) {
    char const c = static_cast<char>(bytes[i]);
    if (c >= ' ' && c <= '~') text += c;
  }
  return text;
}

// Returns the first three host names: enough to see which server answered instead.
std::string names_of(X509* certificate) {
  std::string names;
  auto* const list = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  int shown = 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(list) && shown < 3; ++i) {
    GENERAL_NAME const* const name = sk_GENERAL_NAME_value(list, i);
    if (name->type != GEN_DNS) continue;
    if (shown++ > 0) names += ", ";
    names += text_of(name->d.dNSName);
  }
  GENERAL_NAMES_free(list);
  return names;
}

std::string common_name_of(X509* certificate) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  int const at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

std::string day_of(ASN1_TIME const* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  char text[32];
  std::size_t const length = std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return std::string(text, length);
}

using TrustKey = std::tuple<std::string, std::filesystem::file_time_type>;

}  // namespace

CertificateFlaw read_flaw(boost::asio::ssl::verify_context& context) {
  X509_STORE_CTX* const store = context.native_handle();
  CertificateFlaw flaw;
  flaw.code = X509_STORE_CTX_get_error(store);
  if (X509* const certificate = X509_STORE_CTX_get_current_cert(store)) {
    flaw.names = names_of(certificate);
    flaw.subject = common_name_of(certificate);
    flaw.expired = day_of(X509_get0_notAfter(certificate));
  }
  return flaw;
}

Error to_error(CertificateFlaw const& flaw, std::string const& host) {
  std::string const its = "the certificate of " + host;
  switch (flaw.code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Error(ErrorCode::tls_failed, its + " expired on " + flaw.expired,
                   "The broker has to renew it; check the clock of this machine too.");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Error(ErrorCode::tls_failed, its + " is not valid yet",
                   "Check the clock of this machine.");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: {
      std::string const names = flaw.names.empty() ? flaw.subject : flaw.names;
      return Error(ErrorCode::tls_failed,
                   its + " is for another host" + (names.empty() ? "" : " (" + names + ")"),
                   "Check the host in base_url.");
    }
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return Error(ErrorCode::tls_failed, its + " is self-signed",
                   "If it is your own server, name its certificate in tls.ca_file.");
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return Error(ErrorCode::tls_failed,
                   its + " was issued by an authority that is not trusted here",
                   "If you trust it (a company proxy, your own authority), name the authority's "
                   "certificate in tls.ca_file. If not, check that the package ca-certificates is "
                   "installed.");
    case X509_V_ERR_CERT_REVOKED:
      return Error(ErrorCode::tls_failed, its + " was revoked");
    default:
      return Error(ErrorCode::tls_failed,
                   its + " was refused: " + X509_verify_cert_error_string(flaw.code));
  }
}

Result<std::shared_ptr<Trust>> load_trust(std::string const& ca_file) {
  // All sources with the same file share one, so that a thousand sources do not hold the
  // certificates a thousand times. A file that has changed is read again.
  static std::mutex mutex;
  static std::map<TrustKey, std::weak_ptr<Trust>> known;

  std::error_code no_time;
  auto const changed = ca_file.empty() ? std::filesystem::file_time_type{}
                                       : std::filesystem::last_write_time(ca_file, no_time);
  std::lock_guard const lock(mutex);
  TrustKey const key(ca_file, changed);
  if (auto trust = known[key].lock()) return trust;

  auto trust = std::make_shared<Trust>(ca_file);
  SSL_CTX* const context = trust->context.native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  boost::system::error_code error;
  // If the system certificates are missing, nothing is trusted and the handshake fails.
  trust->context.set_default_verify_paths(error);
  if (!ca_file.empty()) {
    trust->context.load_verify_file(ca_file, error);
    if (error) {
      return Error(ErrorCode::config_invalid,
                   "the file " + ca_file + " in tls.ca_file cannot be used: " +
                       (no_time ? no_time.message() : error.message()),
                   "It must be readable and hold certificates in PEM form.");
    }
  }
  known[key] = trust;
  return trust;
}

}  // namespace affsync::net
