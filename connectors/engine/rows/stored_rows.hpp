// Rows that were put aside, mapped again from their stored raw form with the connector as it is
// now.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/engine/rows/page_rows.hpp"

namespace affsync::engine {

class StoredRows {
 public:
  enum class Fate {
    maps,
    fails,       // still: `reason` says why
    unreadable,  // only the text of a broken row was kept
    left_out,    // the connector no longer wants such a row in any of its tables
  };
  struct Outcome {
    Fate fate = Fate::fails;
    std::string reason;
    std::string external_id;  // of the main table; empty when it has none
    Json row;
  };

  explicit StoredRows(std::shared_ptr<StreamPlan const> plan);

  // `raw`: JSON text; `received_at`: when the broker gave it, for relative times.
  Outcome look_at(std::string_view raw, TimePoint received_at);

  // Batches of rows that map and were received at the same time, no two with one key.
  std::vector<Batch> convert(std::vector<Json const*> const& rows, TimePoint received_at);

 private:
  PageRead convert_page(std::vector<Json const*> const& rows, TimePoint received_at);

  std::shared_ptr<StreamPlan const> plan_;
  RowMapper main_;
  std::optional<PageRows> page_rows_;
};

}  // namespace affsync::engine
