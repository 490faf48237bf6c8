// What src/toon/style.cpp calls besides the parser that is fuzzed: all teachers and networks would come along.
#include <cstdlib>

#include "base/model_path.h"
#include "nets/import_generator.h"
#include "nets/model_file.h"
#include "nets/psp_encoder.h"
#include "teachers/teacher.h"

namespace toonmirror {

bool teachers::is_drawing_teacher(const std::string& name) { return name == "comic"; }

// Reading a style file comes to none of these.
std::filesystem::path find_model(const std::string&, std::string_view, std::string_view) { std::abort(); }
checkpoint::CheckpointFile::CheckpointFile(const std::filesystem::path&) { std::abort(); }
std::optional<nets::GeneratorWeights> nets::find_generator(const checkpoint::CheckpointFile&) {
  std::abort();
}
std::optional<nets::PspEncoderWeights> nets::find_psp_encoder(const checkpoint::CheckpointFile&) {
  std::abort();
}
std::string nets::family_of(const checkpoint::CheckpointFile&) { std::abort(); }

}  // namespace toonmirror
