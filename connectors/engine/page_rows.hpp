// The rows of one answer made into batches, or into quarantine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/engine/mapping.hpp"
#include "connectors/engine/seen_keys.hpp"
#include "connectors/engine/stream_reader.hpp"

namespace affsync::engine {

class PageRows {
 public:
  explicit PageRows(std::shared_ptr<StreamPlan const> plan);

  // From now on these are taken out of `raw` and of the reasons for quarantine; may be null.
  void withhold(std::shared_ptr<Redactor const> secrets) { secrets_ = std::move(secrets); }

  // What each row is known by: the hash of its external id, or of its content where it has none.
  void hash_keys(std::vector<Json const*> const& rows, std::vector<std::uint64_t>& keys) const;

  // Fills batches (the main table's first, even when it is empty) and quarantine. Of rows with the
  // same key the last counts. A row that went to quarantine once is not sent there again.
  void convert(std::vector<Json const*> const& rows, std::vector<std::uint64_t> const& keys,
               TimePoint broker_now, PageRead& out);

 private:
  void convert_also(std::size_t which, std::vector<Json const*> const& rows, TimePoint broker_now,
                    PageRead& out);
  // Maps into row_; the reason when it goes to quarantine.
  std::optional<std::string> map(RowMapper const& mapper, Json const& row, TimePoint broker_now);
  void quarantine(std::uint64_t key, std::string reason, PageRead& out);

  std::shared_ptr<StreamPlan const> plan_;
  RowMapper main_;
  std::vector<RowMapper> also_;
  std::shared_ptr<Redactor const> secrets_;
  SeenKeys quarantined_;
  Row row_;
};

}  // namespace affsync::engine
