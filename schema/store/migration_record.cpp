#include "schema/store/migration_record.hpp"

#include <openssl/evp.h>

#include <array>
#include <charconv>

#include "base/encodings.hpp"
#include "schema/store/newer_schema.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync::schema {

int version_of(EmbeddedFile const& file) {
  int version = 0;
  std::from_chars(file.name.data(), file.name.data() + file.name.size(), version);
  return version;
}

std::string sha256(std::string_view text) {
  std::array<char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr) != 1) {
    throw Failure(ErrorCode::internal, "OpenSSL made no SHA-256");
  }
  return hex_of({digest.data(), size});
}

std::map<int, Applied> read_applied(pqxx::transaction_base& tx) {
  std::map<int, Applied> applied;
  if (tx.exec("SELECT to_regclass('affsync.schema_migration')")[0][0].is_null()) return applied;
  for (auto const& row : tx.exec("SELECT version, name, checksum FROM affsync.schema_migration")) {
    applied[row[0].as<int>()] = Applied{row[1].c_str(), row[2].c_str()};
  }
  bool const is_recorded = !applied.empty() && applied.rbegin()->first > 0;
  if (!is_recorded && !tx.exec("SELECT to_regclass('affsync.source')")[0][0].is_null()) {
    throw Failure(ErrorCode::migration_failed,
                  "the tables are there, but affsync.schema_migration does not say which migrations"
                  " made them",
                  "Load the rows of this table from a backup (pg_restore --data-only"
                  " --table=schema_migration), or restore the whole backup.");
  }
  return applied;
}

void record(pqxx::transaction_base& tx, int version, std::string_view name,
            std::string const& checksum) {
  SqlParams const params{std::to_string(version), std::string(name), checksum};
  std::string text =
      "INSERT INTO affsync.schema_migration (version, name, checksum) VALUES ($1::int, $2, $3)";
  // The row of the views is replaced. For a file, a second row means that it was applied twice, and
  // the insert must fail.
  if (version == 0) {
    text += " ON CONFLICT (version) DO UPDATE SET checksum = excluded.checksum, applied_at = now()";
  }
  exec(tx, text, params);
}

std::optional<Error> find_conflict(std::map<int, Applied> const& applied,
                                   std::span<EmbeddedFile const> files) {
  int const newest = files.empty() ? 0 : version_of(files.back());
  if (!applied.empty() && applied.rbegin()->first > newest) {
    return newer_database(applied.rbegin()->second.name);
  }
  for (auto const& file : files) {
    auto const found = applied.find(version_of(file));
    if (found != applied.end() && found->second.checksum != sha256(file.text)) {
      return Error(ErrorCode::migration_failed,
                   std::string(file.name) + " was applied to this database with another text",
                   "An applied migration must not be changed: use the release that created the "
                   "database, or add a new file.");
    }
  }
  return std::nullopt;
}

}  // namespace affsync::schema
