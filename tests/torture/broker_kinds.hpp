// What the torture test knows about each kind of broker: how its source is configured, what can
// happen to its rows, and which of its books must equal which stream.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace affsync::torture {

// One of the broker's books and the stream that must equal it.
struct BookOfStream {
  std::string feed;
  std::string table;
  std::string stream;
  std::map<std::string, std::string> sums;  // the broker's field -> affsync's column
};

// "do" and "feed" of /sandbox/control.
struct RowEvent {
  std::string what;
  std::string feed;
};

struct BrokerKind {
  std::string name;  // of the connector, and of affsync-sandbox --broker
  std::string credentials;
  bool logs_in;                         // issues tokens that expire
  bool has_clock;                       // its clock may be advanced
  std::vector<std::string> streams;     // YAML lines; @ stands for a page size, % for a day
  std::vector<std::string> list_paths;  // substrings of the targets of lists
  std::vector<std::string> endpoints;   // endpoints that can be hidden and denied
  std::vector<BookOfStream> books;
  std::vector<RowEvent> events;
};

std::vector<BrokerKind> const& broker_kinds();

}  // namespace affsync::torture
