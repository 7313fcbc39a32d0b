// What the torture knows of each kind of broker: how its source is configured, what can happen to
// its rows, and which of its books has to equal which stream.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace affsync::torture {

// One of the broker's books and the stream that has to equal it.
struct BookOfStream {
  std::string feed;
  std::string table;
  std::string stream;
  std::map<std::string, std::string> sums;  // the broker's field -> our column
};

// "do" and "feed" of /sandbox/control.
struct RowEvent {
  std::string what;
  std::string feed;
};

struct BrokerKind {
  std::string name;  // of the connector, and as affsync-sandbox takes it
  std::string credentials;
  bool logs_in;                         // has tokens that expire
  bool has_clock;                       // its clock may run ahead without harm
  std::vector<std::string> streams;     // lines of YAML; @ stands for a page size, % for a day
  std::vector<std::string> list_paths;  // parts of targets that are lists
  std::vector<std::string> endpoints;   // that can be hidden and denied
  std::vector<BookOfStream> books;
  std::vector<RowEvent> events;
};

std::vector<BrokerKind> const& broker_kinds();

}  // namespace affsync::torture
