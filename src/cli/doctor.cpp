// toonmirror doctor: is everything there that the program needs, and is the machine used as well as it could
// be.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/doctor_checks.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"

namespace toonmirror::cli {
namespace {

struct DoctorOptions {
  bool json = false;
};

const char* name_of(app::Health health) {
  switch (health) {
    case app::Health::kOk:
      return "ok";
    case app::Health::kWarning:
      return "warning";
    case app::Health::kMissing:
      return "missing";
  }
  return "";
}

void print_for_people(const std::vector<app::Finding>& findings, bool ready) {
  std::cout << "toonmirror " TOONMIRROR_VERSION "\n";
  for (const app::Finding& finding : findings) {
    std::cout << fmt::format("{:<8} {:<14} {}\n", name_of(finding.health), finding.part, finding.detail);
    if (!finding.hint.empty()) std::cout << fmt::format("{:<8} {:<14} hint: {}\n", "", "", finding.hint);
  }
  std::cout << (ready ? "Ready.\n" : "Not ready: something essential is missing.\n");
}

void print_as_json(const std::vector<app::Finding>& findings, bool ready) {
  nlohmann::ordered_json report;
  report["version"] = TOONMIRROR_VERSION;
  report["ready"] = ready;
  report["findings"] = nlohmann::ordered_json::array();
  for (const app::Finding& finding : findings) {
    report["findings"].push_back({{"part", finding.part},
                                  {"health", name_of(finding.health)},
                                  {"detail", finding.detail},
                                  {"hint", finding.hint}});
  }
  std::cout << report.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

int run_doctor(const DoctorOptions& options) {
  std::vector<app::Finding> findings;
  for (const auto& check : {app::check_machine, app::check_computing, app::check_media, app::check_models}) {
    const std::vector<app::Finding> part = check();
    findings.insert(findings.end(), part.begin(), part.end());
  }
  const bool ready = std::none_of(findings.begin(), findings.end(), [](const app::Finding& finding) {
    return finding.health == app::Health::kMissing;
  });
  if (options.json) {
    print_as_json(findings, ready);
  } else {
    print_for_people(findings, ready);
  }
  return ready ? kDone : kFailed;
}

}  // namespace

void add_doctor(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<DoctorOptions>();
  CLI::App* command =
      app.add_subcommand("doctor", "Check this machine: processor, libraries, codecs, cameras, models");
  add_json_option(*command, options->json);
  command->callback([&chosen, options] { chosen = [options] { return run_doctor(*options); }; });
}

}  // namespace toonmirror::cli
