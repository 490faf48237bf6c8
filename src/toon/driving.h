// What has to be known of a driving video before anything moves: where its face is, frame by frame, through
// which square it is best seen, and which of its frames looks like the picture that is to be moved.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "face/landmarks.h"
#include "media/video_reader.h"
#include "toon/avatar.h"
#include "tracking/face_models.h"

namespace toonmirror::toon {

struct DrivingFrame {
  double time_s = 0;     // presentation time
  int64_t pts = 0;       // the same in ticks of Driving::info's time_base, as in media::Frame
  int64_t duration = 0;  // ticks; 0 where the video does not tell
  std::optional<face::Landmarks> landmarks;  // of the face that is followed; nothing where it is lost
  std::vector<cv::Point3f> mesh;             // the same face's, in pixels; none where it is lost
  // Counted from 0: a cut, another person, or a face that had been forgotten begins the next one.
  int shot = 0;
  face::FaceSquare square;  // through which the frame is seen
  double presence = 0;      // 0 … 1, how much of the motion counts; see set_presence
};

struct Driving {
  media::VideoInfo info;  // of square pixels
  std::vector<DrivingFrame> frames;
  int64_t frames_with_face = 0;
  std::vector<std::string> warnings;  // damage that was tolerated, one line
};

// Reads the whole video once, in square pixels, as all squares and landmarks are. Of several faces the one is
// followed that was largest when it came (FaceFollower). Throws Error where the video cannot be read, has a
// single frame, or shows no face.
Driving analyse_driving(const std::filesystem::path& path, const tracking::FaceModels& face_models);

// Sets the squares, in each shot for itself: one size, 1.5 times the faces' median; at rest as long as the face stays
// inside of it, else following the face smoothly. Frames without a face take the square of the last that had one.
void choose_squares(std::vector<DrivingFrame>& frames);

// Sets the presence: after 0.4 s without a face the motion eases out within 0.8 s, and in within 0.3 s when
// the face is back (kDrivingPresence).
void set_presence(std::vector<DrivingFrame>& frames);

// For every frame the one that its motion is told from: of its shot the first with a face, or that whose pose and
// expression are nearest to the avatar's, by meshes (toon/face_look.h) where its motion model goes by them, otherwise
// by landmarks.
std::vector<size_t> reference_frames(const Driving& driving, const Avatar& avatar, bool first);

}  // namespace toonmirror::toon
