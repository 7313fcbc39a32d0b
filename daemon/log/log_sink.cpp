// The only unit that includes spdlog.
#include "daemon/log/log_sink.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/uio.h>
// The place of the call is always the same and says nothing.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "daemon/log/log_format.hpp"

namespace affsync::log {

namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

constexpr char journal_socket[] = "/run/systemd/journal/socket";

// Returns whether journald has taken the entry.
bool send_to_journal(LogRecord const& record) {
  auto entry = journal_entry(record);
  std::vector<iovec> parts;
  for (auto& field : entry) parts.push_back({field.data(), field.size()});
  return ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

// Passes formatted lines to the console, which does its own locking.
class ConsoleSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ConsoleSink(Console& console) : console_(console) {}

 private:
  void sink_it_(spdlog::details::log_msg const& message) override {
    console_.print(std::string_view(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}

  Console& console_;
};

}  // namespace

struct ConsoleLog::Impl {
  Impl(LogLevel level, Console& console_to_use)
      : console(console_to_use), logger("affsync", std::make_shared<ConsoleSink>(console_to_use)) {
    logger.set_level(to_spdlog(level));
  }

  void write(LogRecord const& record);

  Console& console;
  spdlog::logger logger;
  std::atomic<config::LogFormat> format{config::LogFormat::text};
  std::atomic<bool> journal = false;  // journald listens: write entries instead of lines
  SystemClock clock;
};

ConsoleLog::ConsoleLog(LogLevel level, config::LogFormat format, Console& console)
    : impl_(std::make_shared<Impl>(level, console)) {
  set_format(format);
}

ConsoleLog::~ConsoleLog() = default;

bool ConsoleLog::enabled(LogLevel level) const {
  return impl_->logger.should_log(to_spdlog(level));
}

void ConsoleLog::Impl::write(LogRecord const& record) {
  auto const chosen = format.load();
  // journald reads the lines of stderr as well, should it not take the entry.
  if (journal && send_to_journal(record)) return;
  bool const colour = chosen == config::LogFormat::text && console.terminal().colour;
  auto const line = format_record(chosen, colour, record);
  logger.log(to_spdlog(record.level), spdlog::string_view_t(line.data(), line.size()));
}

void ConsoleLog::write(LogLevel level, std::string_view text, std::vector<LogField> const& fields) {
  if (!enabled(level)) return;
  LogRecord const record{impl_->clock.now(), level, text, fields};
  if (!behind_) return impl_->write(record);
  std::size_t bytes = sizeof(record) + text.size();
  for (auto const& field : fields) bytes += sizeof(field) + field.key.size() + field.value.size();
  behind_->add(bytes, [impl = impl_, time = record.time, level, kept = std::string(text), fields] {
    impl->write({time, level, kept, fields});
  });
}

void ConsoleLog::write_behind() {
  behind_ = std::make_unique<WriteBehind>([impl = impl_](std::size_t lost) {
    std::vector<LogField> const fields{{"lines", std::to_string(lost)}};
    impl->write({impl->clock.now(), LogLevel::warn,
                 "lines of the log were lost, since nobody read them", fields});
  });
}

bool ConsoleLog::is_for_programs() const {
  return impl_->format != config::LogFormat::text;
}

void ConsoleLog::set_level(LogLevel level) {
  impl_->logger.set_level(to_spdlog(level));
}

void ConsoleLog::set_format(config::LogFormat format) {
  auto const chosen = choose_format(format, std::getenv("JOURNAL_STREAM"), STDERR_FILENO);
  impl_->format = chosen;
  // Without a listener libsystemd drops entries silently.
  impl_->journal = chosen == config::LogFormat::journald && ::access(journal_socket, W_OK) == 0;
}

}  // namespace affsync::log
