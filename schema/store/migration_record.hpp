// The record of applied migrations in affsync.schema_migration.
#pragma once

#include <pqxx/transaction_base>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/embedded_file.hpp"
#include "base/error.hpp"

namespace affsync::schema {

struct Applied {
  std::string name;
  std::string checksum;
};

// Returns the number that a file's name begins with.
int version_of(EmbeddedFile const& file);

// In hexadecimal digits, as the record has it. Made here, since the files are some hundred
// kilobytes and each command compares them.
std::string sha256(std::string_view text);

// Returns what has been applied, by version; version 0 is the set of views. Throws Failure
// migration_failed if there are tables and no record of how they were made.
std::map<int, Applied> read_applied(pqxx::transaction_base& tx);
void record(pqxx::transaction_base& tx, int version, std::string_view name,
            std::string const& checksum);

// Returns an error if the database is newer, or a file was changed after it was applied.
std::optional<Error> find_conflict(std::map<int, Applied> const& applied,
                                   std::span<EmbeddedFile const> files);

}  // namespace affsync::schema
