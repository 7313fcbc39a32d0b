#include "daemon/net/tls_identity.hpp"

#include <openssl/ssl.h>

#include <filesystem>

#include "daemon/net/tls_server_context.hpp"

namespace affsync::net {

namespace asio = boost::asio;

Result<std::shared_ptr<ServerIdentity>> load_identity(ServerTlsFiles const& files) {
  auto identity = std::make_shared<ServerIdentity>();
  auto& context = identity->context;
  SSL_CTX* const settings = context.native_handle();
  SSL_CTX_set_min_proto_version(settings, TLS1_2_VERSION);
  SSL_CTX_set_options(
      settings, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  auto const unusable = [](std::string const& what, std::string const& file,
                           boost::system::error_code error) {
    return Error(ErrorCode::config_invalid,
                 "http.tls: the " + what + " in " + file + " cannot be used: " + error.message(),
                 "It must be a file in PEM that the user of affsync may read.");
  };
  boost::system::error_code error;
  context.use_certificate_chain_file(files.certificate, error);
  if (error) return unusable("certificate", files.certificate, error);
  // A key with a passphrase would ask for it on a terminal.
  context.set_password_callback([](std::size_t, auto) { return std::string(); }, error);
  context.use_private_key_file(files.key, asio::ssl::context::pem, error);
  if (error) return unusable("key", files.key, error);
  if (SSL_CTX_check_private_key(settings) != 1) {
    return Error(ErrorCode::config_invalid, "http.tls: the key in " + files.key +
                                                " belongs to another certificate than " +
                                                files.certificate);
  }
  return identity;
}

std::string IdentityKeeper::times() const {
  std::string text;
  for (auto const& file : {files_.certificate, files_.key}) {
    std::error_code error;
    auto const written = std::filesystem::last_write_time(file, error);
    text += error ? "none " : std::to_string(written.time_since_epoch().count()) + " ";
  }
  return text;
}

Result<void> IdentityKeeper::load() {
  if (!files_.wanted()) return {};
  times_ = times();
  auto loaded = load_identity(files_);
  if (!loaded) return loaded.error();
  identity_ = std::move(*loaded);
  return {};
}

std::shared_ptr<ServerIdentity> IdentityKeeper::current() {
  if (files_.wanted() && times() != times_) {
    // While the two files are written one after another they do not fit; the last one ends that.
    times_ = times();
    auto loaded = load_identity(files_);
    if (loaded) {
      identity_ = std::move(*loaded);
    } else if (files_.on_refused) {
      files_.on_refused(loaded.error());
    }
  }
  return identity_;
}

}  // namespace affsync::net
