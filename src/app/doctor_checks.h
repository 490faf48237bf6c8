// What `toonmirror doctor` looks at. Each function examines one part of the machine and never throws.
#pragma once

#include <string>
#include <vector>

namespace toonmirror::app {

enum class Health {
  kOk,
  kWarning,  // works, but slower or with less than it could
  kMissing,  // the program cannot do its work without
};

struct Finding {
  std::string part;  // such as "BLAS"
  Health health = Health::kOk;
  std::string detail;  // what was found
  std::string hint;    // what to do; empty where nothing is to be done
};

// Processor model, instruction sets, memory.
std::vector<Finding> check_machine();

// LibTorch, its GPU, and the libraries behind its matrix products and convolutions.
std::vector<Finding> check_computing();

// FFmpeg, the encoders that outputs need, cameras.
std::vector<Finding> check_media();

// The landmark predictor and the house models.
std::vector<Finding> check_models();

// Which BLAS a library file is, by where Debian installs it: "OpenBLAS (pthread)", "reference BLAS", …
std::string blas_name(const std::string& library_path);

}  // namespace toonmirror::app
