// Metadata keys by which a model file says what it is.
#pragma once

namespace toonmirror {

inline constexpr const char* kKindKey = "toonmirror.kind";  // "generator", "encoder", "pairs", …
inline constexpr const char* kArchitectureKey = "toonmirror.architecture";  // the network's options as JSON
inline constexpr const char* kFamilyKey =
    "toonmirror.family";  // latents of one family fit all its generators
inline constexpr const char* kParentKey = "toonmirror.parent";  // the file that holds the tensors left out
inline constexpr const char* kParentChecksumKey = "toonmirror.parent_checksum";

}  // namespace toonmirror
