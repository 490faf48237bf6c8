#include "app/model_report.h"

#include <fmt/core.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "app/public_checkpoints.h"
#include "app/sha256.h"
#include "base/error.h"
#include "base/model_keys.h"
#include "checkpoint/safetensors.h"
#include "nets/find_networks.h"

namespace toonmirror::app {
namespace {

using nlohmann::ordered_json;

int64_t element_count(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

// The value of a metadata key: its JSON where it is JSON, the text otherwise.
ordered_json metadata_value(const std::string& text) {
  const ordered_json parsed = ordered_json::parse(text, nullptr, false);
  return parsed.is_object() || parsed.is_array() ? parsed : ordered_json(text);
}

// What a network is called in one word, what it was found as, and its options.
ordered_json describe_networks(const checkpoint::CheckpointFile& file) {
  ordered_json list = ordered_json::array();
  for (const nets::FoundNetwork& network : nets::find_networks(file)) {
    list.push_back({{"kind", network.kind},
                    {"source", network.source},
                    {"parameters", network.parameter_count()},
                    {"architecture", ordered_json::parse(network.architecture)},
                    {"notes", network.notes}});
  }
  return list;
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

void add_row(std::string& text, const std::string& name, const std::string& value) {
  text += fmt::format("  {:<14}{}\n", name, value);
}

void add_architecture(std::string& text, const ordered_json& architecture) {
  if (!architecture.is_object()) return;
  std::string heading = "architecture";
  for (const auto& [key, value] : architecture.items()) {
    add_row(text, heading, printable(key) + " = " + printable(value));
    heading.clear();
  }
}

void add_network(std::string& text, const ordered_json& network) {
  add_row(text, "network",
          fmt::format("{}, {:.1f} million numbers ({})", printable(network["kind"]),
                      network["parameters"].get<double>() / 1e6, printable(network["source"])));
  add_architecture(text, network["architecture"]);
  for (const auto& note : network["notes"]) add_row(text, "note", printable(note));
}

}  // namespace

std::string dump(const ordered_json& value, int indent) {
  return value.dump(indent, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json describe_model(const checkpoint::CheckpointFile& file, bool with_tensors) {
  ordered_json report;
  report["file"] = file.path().string();
  report["format"] = checkpoint::format_name(file.format());
  report["bytes"] = std::filesystem::file_size(file.path());
  report["sha256"] = sha256_of_file(file.path());
  const PublicCheckpoint* known = find_public_checkpoint(report["sha256"].get<std::string>());
  report["known_as"] = known == nullptr ? ordered_json() : ordered_json(known->name);
  try {
    report["networks"] = describe_networks(file);
  } catch (const Error& error) {  // what the file holds is worth showing all the same
    report["networks"] = ordered_json::array();
    report["problem"] = error.what();
  }
  const auto text_at = [&file](const char* key) {
    const auto found = file.metadata().find(key);
    return found == file.metadata().end() ? ordered_json() : metadata_value(found->second);
  };
  // The first network once more at the top, where scripts find it without a loop; of a file that cannot be
  // used what it says of itself.
  const bool any = !report["networks"].empty();
  report["kind"] = any ? report["networks"][0]["kind"] : text_at(kKindKey);
  report["architecture"] = any ? report["networks"][0]["architecture"] : text_at(kArchitectureKey);
  report["family"] = text_at(kFamilyKey);
  report["metadata"] = ordered_json::object();
  for (const auto& [key, value] : file.metadata()) {
    const bool said = key == kKindKey || key == kFamilyKey || key == kArchitectureKey;
    if (!said) report["metadata"][key] = metadata_value(value);
  }
  int64_t parameters = 0;
  std::map<std::string, int64_t> by_type;
  ordered_json table = ordered_json::array();
  for (const auto& [name, entry] : file.tensors()) {
    const std::string type = checkpoint::safetensors_type_name(entry.dtype);
    parameters += element_count(entry.shape);
    ++by_type[type];
    table.push_back({{"name", name}, {"type", type}, {"shape", entry.shape}});
  }
  report["tensors"] = file.tensors().size();
  report["parameters"] = parameters;
  report["types"] = by_type;
  if (with_tensors) report["tensor_table"] = std::move(table);
  return report;
}

std::string to_text(const ordered_json& report) {
  std::string text = printable(report["file"]) + '\n';
  add_row(text, "format", printable(report["format"]) + ", " + format_size(report["bytes"].get<uint64_t>()));
  if (!report["known_as"].is_null()) add_row(text, "known as", printable(report["known_as"]));
  for (const auto& network : report["networks"]) add_network(text, network);
  if (report.contains("problem")) {
    add_row(text, "network",
            report["kind"].is_null() ? "none that can be used" : printable(report["kind"]) + ", unusable");
    add_architecture(text, report["architecture"]);
  } else if (report["networks"].empty()) {
    add_row(text, "network", "none of the kinds that toonmirror runs");
  }
  if (!report["family"].is_null()) add_row(text, "family", printable(report["family"]));
  std::string types;
  for (const auto& [type, count] : report["types"].items()) {
    types += fmt::format("{}{} in {}", types.empty() ? "" : ", ", count.get<int64_t>(), type);
  }
  add_row(text, "tensors",
          fmt::format("{}{}{}", report["tensors"].get<size_t>(), types.empty() ? "" : ": ", types));
  add_row(text, "parameters", std::to_string(report["parameters"].get<int64_t>()));
  for (const auto& [key, value] : report["metadata"].items()) add_row(text, printable(key), printable(value));
  add_row(text, "sha256", printable(report["sha256"]));
  if (!report.contains("tensor_table")) return text;
  text += '\n';
  for (const auto& row : report["tensor_table"]) {
    text += fmt::format("  {:<5} {:<20} {}\n", row["type"].get<std::string>(), dump(row["shape"], -1),
                        printable(row["name"]));
  }
  return text;
}

}  // namespace toonmirror::app
