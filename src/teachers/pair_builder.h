// Collects training pairs and writes them as one pack (the layout is in training/pair_pack.h).
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "checkpoint/safetensors.h"
#include "face/face.h"

namespace toonmirror::teachers {

// One photo and what a teacher made of it: photo, input and target CV_8UC3 RGB, labels CV_8U classes. All are
// of 256×256, but the target of the builder's side.
struct TrainingPair {
  std::string name;
  face::Landmarks landmarks{};  // pixels of the photo
  bool held_out = false;
  cv::Mat photo, labels;
  cv::Mat input, target, target_labels;  // input: the photo in the target's shapes
};

class PairBuilder {
 public:
  // `target_px`: side of the teacher's pictures; 0 for plain photos, each its own target. Memory is taken
  // page by page as pairs are stored, about 1.3 MB each with targets of 512 px.
  PairBuilder(int64_t capacity, int64_t target_px);

  // Stores a pair at `row` < capacity; different rows may be stored from different threads.
  void store(int64_t row, const TrainingPair& pair);

  // Writes the rows that were stored, in order, and forgets them. `notes` go into the metadata. Throws Error
  // when nothing was stored or the file cannot be written.
  void write(const std::filesystem::path& path, const checkpoint::Metadata& notes) &&;

 private:
  at::Tensor photos_, labels_, inputs_, targets_, target_labels_, landmarks_, held_out_;
  std::vector<std::string> names_;  // empty: row not stored
};

// True for about 3 of 100 keys (or another percentage), the same ones on every machine: zlib's crc32 of the
// key modulo 100 is below it. Pictures of one person share a key, so that no held-out person is trained on.
bool is_held_out(const std::string& key, unsigned percent = 3);

}  // namespace toonmirror::teachers
