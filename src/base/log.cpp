#include "base/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "base/terminal_line.h"

namespace toonmirror {
namespace {

std::atomic<Verbosity> chosen_verbosity = Verbosity::kNormal;

class TerminalSink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    print_terminal_line("toonmirror: " + prefix(message.level) + std::string(text));
  }
  void flush_() override {}

 private:
  // A notice needs no label.
  static std::string prefix(spdlog::level::level_enum level) {
    if (level == spdlog::level::info) return "";
    const auto name = spdlog::level::to_string_view(level);
    return std::string(name.data(), name.size()) + ": ";
  }
};

}  // namespace

void set_up_logging(Verbosity verbosity) {
  chosen_verbosity = verbosity;
  auto logger = std::make_shared<spdlog::logger>("toonmirror", std::make_shared<TerminalSink>());
  switch (verbosity) {
    case Verbosity::kQuiet:
      logger->set_level(spdlog::level::warn);
      break;
    case Verbosity::kNormal:
      logger->set_level(spdlog::level::info);
      break;
    case Verbosity::kVerbose:
      logger->set_level(spdlog::level::debug);
      break;
  }
  spdlog::set_default_logger(std::move(logger));
}

Verbosity verbosity() { return chosen_verbosity; }

}  // namespace toonmirror
