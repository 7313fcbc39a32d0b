#include "daemon/net/tls_trust.hpp"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/error.hpp>
#include <ctime>
#include <filesystem>
#include <map>
#include <mutex>
#include <tuple>

#include "base/text.hpp"
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

using FileTime = std::filesystem::file_time_type;
using TrustKey = std::tuple<TlsFiles, FileTime, FileTime, FileTime>;

FileTime time_of(std::string const& file) {
  std::error_code unknown;
  return file.empty() ? FileTime{} : std::filesystem::last_write_time(file, unknown);
}

Error unusable(std::string const& file, char const* key, boost::system::error_code const& error,
               std::string hint) {
  std::error_code no_file;
  (void)std::filesystem::file_size(file, no_file);
  return Error(ErrorCode::config_invalid,
               "the file " + file + " in tls." + key +
                   " cannot be used: " + (no_file ? no_file.message() : error.message()),
               std::move(hint));
}

Result<void> load_own(Trust& trust, TlsFiles const& files) {
  if (files.certificate.empty()) return {};
  boost::system::error_code error;
  trust.context.use_certificate_chain_file(files.certificate, error);
  if (error) {
    return unusable(files.certificate, "certificate_file", error,
                    "It must be readable and hold a certificate in PEM form.");
  }
  // A passphrase could only be asked for on a terminal, which a daemon has not.
  trust.context.set_password_callback(
      [](std::size_t, boost::asio::ssl::context::password_purpose) { return std::string(); });
  trust.context.use_private_key_file(files.key, boost::asio::ssl::context::pem, error);
  if (error) {
    return unusable(files.key, "key_file", error,
                    "It must be readable and hold the private key of the certificate in PEM form, "
                    "without a passphrase.");
  }
  trust.has_certificate = true;
  return {};
}

// The certificate has the host's name, but not where it counts.
std::optional<Error> misplaced_name(CertificateFlaw const& flaw, std::string const& host) {
  std::string const its = "the certificate of " + host;
  bool const is_address = flaw.code == X509_V_ERR_IP_ADDRESS_MISMATCH;
  bool const is_common_name = flaw.names.empty() && equal_without_case(flaw.subject, host);
  bool const is_listed =
      (", " + to_lower(flaw.names) + ",").find(", " + to_lower(host) + ",") != std::string::npos;
  if (!is_common_name && !(is_address && is_listed)) return std::nullopt;
  std::string const kind = is_address ? "IP" : "DNS";
  return Error(ErrorCode::tls_failed,
               its + " has it as " + (is_common_name ? "its common name" : "a DNS name") +
                   " only, which does not count",
               "Whoever issues it has to add `subjectAltName = " + kind + ":" + host + "`." +
                   (is_address ? " Or use a host name that it has in base_url." : ""));
}

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
      if (auto misplaced = misplaced_name(flaw, host)) return *misplaced;
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

namespace {

bool is_alert_about_certificate(boost::system::error_code const& error) {
  if (error.category() != boost::asio::error::get_ssl_category()) return false;
  switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_NO_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:  // issued by one of the same name, with another key
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<Error> certificate_refusal(boost::system::error_code const& error,
                                         std::string const& host, bool has_certificate) {
  bool const is_alert = is_alert_about_certificate(error);
  // A peer that closes at once may take its alert back: then the connection is just gone.
  bool const is_end = error.category() != boost::asio::error::get_ssl_category() ||
                      error == boost::asio::ssl::error::stream_truncated;
  if (!is_alert && !is_end) return std::nullopt;
  if (!has_certificate) {
    return Error(ErrorCode::tls_failed, host + " demands a certificate of its clients",
                 "Name the one that the broker gave you in tls.certificate_file and tls.key_file.");
  }
  return Error(ErrorCode::tls_failed,
               host + " refused the certificate in tls.certificate_file: " +
                   (is_alert ? error.message() : "it closed the connection"),
               "Ask the broker which certificate it accepts, and until when.");
}

Result<std::shared_ptr<Trust>> load_trust(TlsFiles const& files) {
  // All sources with the same files share one, so that a thousand sources do not hold the
  // certificates a thousand times. A file that has changed is read again.
  static std::mutex mutex;
  static std::map<TrustKey, std::weak_ptr<Trust>> known;

  std::lock_guard const lock(mutex);
  TrustKey const key(files, time_of(files.ca), time_of(files.certificate), time_of(files.key));
  if (auto trust = known[key].lock()) return trust;

  auto trust = std::make_shared<Trust>();
  trust->unverified = files.unverified;
  SSL_CTX* const context = trust->context.native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  boost::system::error_code error;
  // If the system certificates are missing, nothing is trusted and the handshake fails.
  trust->context.set_default_verify_paths(error);
  if (!files.ca.empty()) {
    trust->context.load_verify_file(files.ca, error);
    if (error) {
      return unusable(files.ca, "ca_file", error,
                      "It must be readable and hold certificates in PEM form.");
    }
  }
  auto const own = load_own(*trust, files);
  if (!own) return own.error();
  known[key] = trust;
  return trust;
}

}  // namespace affsync::net
