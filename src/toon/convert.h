// Photos and recorded videos: every frame is converted, in order, as fast as the cores allow.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/stage_timer.h"
#include "media/video_writer.h"
#include "toon/compositor.h"
#include "toon/drawing_size.h"
#include "toon/face_follower.h"
#include "toon/teacher_drawing.h"
#include "toon/toonifier.h"
#include "tracking/face_models.h"
#include "tracking/no_face.h"

namespace toonmirror::toon {

struct ConvertOptions {
  PasteOptions paste = {};
  FaceChoice faces = FaceChoice::kAll;
  tracking::NoFace no_face = tracking::NoFace::kFade;  // of videos
  int size_px = DrawingSizes::kAuto;                   // of the network's drawings
  bool strip_metadata = false;      // of stills: what the file says of date, place and camera is left out
  DrawWith draw = DrawWith::kAuto;  // of stills; videos are the network's, and kTeacher is an Error there
  // Threads that draw, each on one core and on its own frame. Decoding and encoding have a thread each, whose
  // work the drawing ones wait for or leave room to.
  int workers = 1;
  media::VideoWriterOptions video = {};  // `threads` is set from `workers`

  void check() const;  // throws Error when a number is out of range; the conversions call it
};

struct ConvertReport {
  int64_t frames = 0;
  int64_t frames_with_face = 0;
  int64_t faces = 0;                  // drawn, summed over all frames
  double seconds = 0;                 // from opening the input to the finished output
  std::vector<StageCost> stages;      // decode, face, encoder, generator (or parser, teacher), paste,
                                      // encode
  std::vector<std::string> notices;   // about the output: "sound track 1 re-encoded to AAC: …"
  std::vector<std::string> warnings;  // about the input: damage that was tolerated, no face in any frame
};

// Converts a video. Frames without a face keep their pixels; sound, subtitles, chapters and times are the
// source's. Frames in memory are bounded by the number of workers. The output appears when it is complete or
// not at all. Throws Error (input, output, models) and Interrupted, from whichever thread met it.
ConvertReport convert_video(const std::filesystem::path& input, const std::filesystem::path& output,
                            const Toonifier& toonifier, const tracking::FaceModels& face_models,
                            const ConvertOptions& options);

// Converts a photo: all its faces, or the largest. Throws Error where there is none, and as above.
ConvertReport convert_still(const std::filesystem::path& input, const std::filesystem::path& output,
                            const Toonifier& toonifier, const tracking::FaceModels& face_models,
                            const ConvertOptions& options);

}  // namespace toonmirror::toon
