// The photos of a pack of training pairs, as a folder of photos would give them.
#pragma once

#include <filesystem>

#include "datasets/face_photos.h"

namespace toonmirror::datasets {

// Their pairs have `target` where the pack has teacher's pictures. `index`: CSV with the ages by file name;
// empty: no ages. Throws Error where it is no pack.
FacePhotos pack_photos(const std::filesystem::path& pack, const std::filesystem::path& index);

}  // namespace toonmirror::datasets
