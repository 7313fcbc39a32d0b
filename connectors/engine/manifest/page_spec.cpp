#include "connectors/engine/manifest/page_spec.hpp"

namespace affsync::engine {
namespace {

std::optional<JsonPath> const no_path;

}  // namespace

std::string_view PageSpec::parameter() const {
  return std::visit(
      [](auto const& paging) -> std::string_view {
        if constexpr (requires { paging.parameter; }) {
          return paging.parameter;
        } else {
          return {};
        }
      },
      kind);
}

std::optional<JsonPath> const& PageSpec::total_pages() const {
  return std::visit(
      [](auto const& paging) -> std::optional<JsonPath> const& {
        if constexpr (requires { paging.total_pages; }) {
          return paging.total_pages;
        } else {
          return no_path;
        }
      },
      kind);
}

std::optional<JsonPath> const& PageSpec::more() const {
  return std::visit(
      [](auto const& paging) -> std::optional<JsonPath> const& {
        if constexpr (requires { paging.more; }) {
          return paging.more;
        } else {
          return no_path;
        }
      },
      kind);
}

bool is_paging_parameter(PageSpec const& page, std::string_view name) {
  if (page.in_body) return false;
  bool const is_limit = page.size && name == page.size->parameter;
  return is_limit || (!page.parameter().empty() && name == page.parameter());
}

}  // namespace affsync::engine
