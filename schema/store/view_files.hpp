// The files that make functions and views, as a database needs them.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "base/embedded_file.hpp"

namespace affsync::schema {

class ViewFiles {
 public:
  // `distributed`: for tables that Citus distributes. Files of views/distributed take the place of
  // those with the same name, and rates are looked up in the views themselves.
  explicit ViewFiles(bool distributed);
  ViewFiles(ViewFiles const&) = delete;
  ViewFiles& operator=(ViewFiles const&) = delete;

  std::vector<EmbeddedFile> const& files() const { return files_; }
  std::string joined() const;

 private:
  std::deque<std::string> texts_;
  std::vector<EmbeddedFile> files_;
};

}  // namespace affsync::schema
