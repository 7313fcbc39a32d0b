// The LogSink of the program: writes to stderr through spdlog, or to journald in its own protocol,
// which keeps the fields apart: `journalctl AFFSYNC_SOURCE=exness-main`.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "config/model.hpp"
#include "daemon/log/console.hpp"
#include "daemon/log/write_behind.hpp"

namespace affsync::log {

// Thread-safe. When write() returns, the line has been written, until write_behind() is called.
class ConsoleLog final : public LogSink {
 public:
  ConsoleLog(LogLevel level, config::LogFormat format,
             Console& console = Console::standard_error());
  ~ConsoleLog() override;

  bool enabled(LogLevel level) const override;
  void write(LogLevel level, std::string_view text, std::vector<LogField> const& fields) override;

  // From now on lines are written on a thread of their own, and lost, and counted, as long as
  // nobody reads them: a daemon goes on without its log. To be called once.
  void write_behind();

  // Whether programs read the lines: JSON, or entries of journald.
  bool is_for_programs() const;

  // For a reload of the configuration; may be called from any thread.
  void set_level(LogLevel level);
  void set_format(config::LogFormat format);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with lines that wait
  std::unique_ptr<WriteBehind> behind_;
};

}  // namespace affsync::log
