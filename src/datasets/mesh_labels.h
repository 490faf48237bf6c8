// Photos and clips of faces with the meshes that a teacher sees in them, as one pack.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace toonmirror::datasets {

struct MeshLabelOptions {
  // Pictures with one face each, and their index (datasets/photo_index.h); both of one length.
  std::vector<std::filesystem::path> photos, indices;
  std::filesystem::path clips;        // folder of videos with one face each; empty: none
  std::filesystem::path clips_index;  // CSV with columns file and person; empty: each file is another person
  std::filesystem::path faceless;     // folder of pictures without a face; empty: none
  std::filesystem::path nets;         // of facemesh468 and iris64
  int every = 3;                      // takes every so many frames of a clip
  std::string licence = "not stated";
};

// Writes the pack (layout: training/mesh_pack.h). Pictures of another size than 256 px lie in its middle,
// whose borders go on beyond it. Left out are photos whose landmarks do not fit their face, and whatever
// the teacher takes for no face or sees elsewhere than the landmarks. About 3 of 100 persons of photos are
// held out, of clips 12; pictures of one person never are in both halves. Throws UsageError for folders
// without an index, Error where nothing is left or the pack cannot be written, Interrupted when the user
// stops it; nothing is written then.
void label_meshes(const MeshLabelOptions& options, const std::filesystem::path& output);

}  // namespace toonmirror::datasets
