// The lists of which a slice consists: one, or one for each part, or one for each value (or batch
// of values) of `for_each`.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/engine/paging/pager.hpp"
#include "connectors/engine/paging/reader_start.hpp"

namespace affsync::engine {

// Returns whether a value of `for_each` makes another path of this one, as `..` does: the request
// would leave `base_url` with the source's credentials.
bool leaves_path(std::string_view path, std::string_view item);

class ItemLists {
 public:
  // `stored`: the values that another stream gives. Throws Failure: config_invalid if there are
  // more than the connector allows, bad_request for one that would lead out of the stream's path.
  ItemLists(StreamSpec const& spec, std::vector<std::string> const& stored);

  // 0: there is no value, so there is nothing to read.
  std::size_t count() const { return count_; }
  bool has_items() const { return has_items_; }
  std::optional<std::string> item(std::size_t list) const;
  // The values of all lists, each as a request has it.
  std::vector<std::string> const& items() const { return items_; }
  PageAsk of_list(PageAsk ask, std::size_t list) const;
  // Changes if the values do, so that a place in one of the lists is no longer known; empty without
  // values.
  std::string const& identity() const { return identity_; }

 private:
  bool has_items_ = false;
  std::vector<std::string> items_;  // batches
  std::size_t count_ = 1;
  std::string identity_;
};

}  // namespace affsync::engine
