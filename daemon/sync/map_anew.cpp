#include "daemon/sync/map_anew.hpp"

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/engine/rows/mapped_anew.hpp"

namespace affsync::sync {
namespace {

// Most runs need it never: the mapping is compiled when it is asked for.
class MapByPlan final : public schema::MapAnew {
 public:
  explicit MapByPlan(std::shared_ptr<engine::StreamPlan const> plan) : plan_(std::move(plan)) {}

  bool map(RecordTable const& table, Row& row, Row const* sent, TimePoint now) const override {
    return mapped().map(table, row, sent, now);
  }
  bool is_same(std::string_view stored_raw, std::string_view sent_raw) const override {
    return mapped().is_same(stored_raw, sent_raw);
  }
  std::vector<std::string> keys(RecordTable const& table, std::string_view raw) const override {
    return mapped().keys(table, raw);
  }
  bool leaves_out(RecordTable const& table, std::string_view raw) const override {
    return mapped().leaves_out(table, raw);
  }

 private:
  engine::MappedAnew const& mapped() const {
    std::call_once(once_, [this] { mapped_.emplace(plan_); });
    return *mapped_;
  }

  std::shared_ptr<engine::StreamPlan const> plan_;
  mutable std::once_flag once_;
  mutable std::optional<engine::MappedAnew> mapped_;
};

}  // namespace

std::shared_ptr<schema::MapAnew const> map_anew(std::shared_ptr<engine::StreamPlan const> plan) {
  return std::make_shared<MapByPlan const>(std::move(plan));
}

}  // namespace affsync::sync
