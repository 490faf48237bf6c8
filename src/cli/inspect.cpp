// toonmirror inspect: what a model file is, without executing or trusting anything in it.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/file_kind.h"
#include "base/model_keys.h"
#include "checkpoint/safetensors.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/exit_code.h"
#include "cli/sha256.h"

namespace toonmirror::cli {
namespace {

using nlohmann::ordered_json;

struct InspectOptions {
  std::string file;
  bool tensors = false;
  bool json = false;
};

// Opens a file of the one format that is read, or says what the file is instead.
checkpoint::SafetensorsFile open_model(const std::filesystem::path& path) {
  const FileKind kind = recognise_file(path);
  const bool empty = kind.description == "empty";
  if (!kind.description.empty() && kind.description != kSafetensorsDescription) {
    const std::string reads = empty ? "" : "; this version reads .safetensors files";
    throw Error(path.string() + ": is " + kind.description + reads, kind.hint);
  }
  return checkpoint::SafetensorsFile(path);
}

int64_t element_count(const checkpoint::TensorInfo& info) {
  int64_t count = 1;
  for (const int64_t size : info.shape) count *= size;
  return count;
}

// The value of a metadata key: its JSON where it is JSON, the text otherwise.
ordered_json metadata_value(const std::string& text) {
  const ordered_json parsed = ordered_json::parse(text, nullptr, false);
  return parsed.is_object() || parsed.is_array() ? parsed : ordered_json(text);
}

ordered_json describe(const checkpoint::SafetensorsFile& model, bool with_tensors) {
  const auto text_at = [&model](const char* key) {
    const auto found = model.metadata().find(key);
    return found == model.metadata().end() ? ordered_json() : metadata_value(found->second);
  };
  ordered_json report;
  report["file"] = model.path().string();
  report["format"] = "safetensors";
  report["bytes"] = std::filesystem::file_size(model.path());
  report["sha256"] = sha256_of_file(model.path());
  report["kind"] = text_at(kKindKey);
  report["family"] = text_at(kFamilyKey);
  report["architecture"] = text_at(kArchitectureKey);
  report["metadata"] = ordered_json::object();
  for (const auto& [key, value] : model.metadata()) {
    const bool said = key == kKindKey || key == kFamilyKey || key == kArchitectureKey;
    if (!said) report["metadata"][key] = metadata_value(value);
  }
  int64_t parameters = 0;
  std::map<std::string, int64_t> by_type;
  ordered_json table = ordered_json::array();
  for (const auto& [name, info] : model.tensors()) {
    const std::string type = checkpoint::safetensors_type_name(info.dtype);
    parameters += element_count(info);
    ++by_type[type];
    table.push_back({{"name", name}, {"type", type}, {"shape", info.shape}});
  }
  report["tensors"] = model.tensors().size();
  report["parameters"] = parameters;
  report["types"] = by_type;
  if (with_tensors) report["tensor_table"] = std::move(table);
  return report;
}

std::string dump(const ordered_json& value, int indent) {
  return value.dump(indent, ' ', false, ordered_json::error_handler_t::replace);
}

// Text from a file must not steer the terminal.
std::string printable(const ordered_json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : dump(value, -1);
  for (char& letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x20 || byte == 0x7f) letter = byte == '\n' ? ' ' : '?';
  }
  return text;
}

std::string format_size(uint64_t bytes) {
  constexpr double kMega = 1e6;
  const auto size = static_cast<double>(bytes);
  return size < kMega / 10 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} MB", size / kMega);
}

void print_row(const std::string& name, const std::string& value) {
  std::cout << fmt::format("  {:<14}{}\n", name, value);
}

void print_for_people(const ordered_json& report) {
  const bool ours = !report["kind"].is_null();
  std::cout << printable(report["file"]) << '\n';
  print_row("format", "safetensors, " + format_size(report["bytes"].get<uint64_t>()));
  print_row("network",
            ours ? printable(report["kind"]) : "unknown: the file does not say (no toonmirror.kind)");
  if (!report["family"].is_null()) print_row("family", printable(report["family"]));
  if (report["architecture"].is_object()) {
    std::string heading = "architecture";
    for (const auto& [key, value] : report["architecture"].items()) {
      print_row(heading, printable(key) + " = " + printable(value));
      heading.clear();
    }
  }
  print_row("tensors", std::to_string(report["tensors"].get<size_t>()));
  print_row("parameters", std::to_string(report["parameters"].get<int64_t>()));
  std::string types;
  for (const auto& [type, count] : report["types"].items()) {
    types += fmt::format("{}{} in {}", types.empty() ? "" : ", ", count.get<int64_t>(), type);
  }
  print_row("types", types.empty() ? "none" : types);
  for (const auto& [key, value] : report["metadata"].items()) print_row(printable(key), printable(value));
  print_row("sha256", printable(report["sha256"]));
  if (!report.contains("tensor_table")) return;
  std::cout << '\n';
  for (const auto& row : report["tensor_table"]) {
    std::cout << fmt::format("  {:<5} {:<20} {}\n", row["type"].get<std::string>(), dump(row["shape"], -1),
                             printable(row["name"]));
  }
}

int run_inspect(const InspectOptions& options) {
  const ordered_json report = describe(open_model(options.file), options.tensors);
  if (options.json) {
    std::cout << dump(report, 2) << '\n';
  } else {
    print_for_people(report);
  }
  return kDone;
}

}  // namespace

void add_inspect(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<InspectOptions>();
  CLI::App* command = app.add_subcommand("inspect", "Say what a model file is; nothing in it is executed");
  command->add_option("FILE", options->file, "Model file (.safetensors)")->required()->type_name("");
  command->add_flag("--tensors", options->tensors, "List all tensors with type and shape");
  add_json_option(*command, options->json);
  command->callback([&chosen, options] { chosen = [options] { return run_inspect(*options); }; });
}

}  // namespace toonmirror::cli
