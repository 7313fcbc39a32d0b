// Maps quarantined rows again, from their stored raw form and with the current connector.
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
    fails,       // still fails, for `reason`
    unreadable,  // only the text of a broken row was stored
    left_out,    // the filters of all tables exclude it now
  };
  struct Outcome {
    Fate fate = Fate::fails;
    std::string reason;
    std::string external_id;  // of the main table; empty if it has none
    Json row;
  };

  explicit StoredRows(std::shared_ptr<StreamPlan const> plan);

  // Maps one row. `raw`: its JSON text. `received_at`: when the broker sent it, for relative times.
  // `id`: the external id that it had then, if it had one: a key of the content has the row's
  // number among equal ones.
  Outcome look_at(std::string_view raw, TimePoint received_at, std::string const& id = {});

  // Returns batches of rows that map and that were received at the same time. No two of them may
  // have the same key. `ids`: as look_at() found them.
  std::vector<Batch> convert(std::vector<Json const*> const& rows, TimePoint received_at,
                             std::vector<std::string> const& ids = {});

 private:
  PageRead convert_page(std::vector<Json const*> const& rows, TimePoint received_at,
                        std::vector<std::string> const& ids);

  std::shared_ptr<StreamPlan const> plan_;
  RowMapper main_;
  std::optional<PageRows> page_rows_;
};

}  // namespace affsync::engine
