// Joins pages that wait to be stored into one write, because a transaction costs as much as some
// hundred rows.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/store/store.hpp"

namespace affsync::schema {

class PageGroup {
 public:
  bool empty() const { return !write_; }
  std::size_t rows() const { return rows_; }

  // Adds the page if writing all pages together has the same result as writing one after another;
  // else returns false and leaves both unchanged. They are written apart if a row differs between
  // two pages, since both versions belong into the history, and if the page quarantines or leaves
  // out rows, which depends on what is stored before it, or has two batches of one table. The first
  // page of a group is always taken. Batches are moved, not copied.
  bool add(PageWrite& page);

  // The same for a page that belongs before those of the group.
  bool add_before(PageWrite& page);

  // Returns the joined write, with the checkpoint of the last page. The group is empty afterwards.
  PageWrite take();

  // Whether the page consists of rows to be stored, each of them once.
  static bool is_plain(PageWrite const& page);

 private:
  using Repeated = std::vector<std::vector<std::size_t>>;  // rows of each batch of a page
  bool joins(PageWrite const& page) const;
  // The rows that the group has as well; nullopt if one of them has another content there.
  std::optional<Repeated> repeated(PageWrite const& page) const;
  void note(PageWrite const& page);
  // Removes the rows from the page and counts it as a part of the group.
  void leave_out(Repeated const& rows, PageWrite& page);

  std::optional<PageWrite> write_;
  bool plain_ = false;  // each page of it
  std::size_t rows_ = 0;
  // Hashes of the rows' contents, by the hash of their table and key.
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> contents_;
};

}  // namespace affsync::schema
