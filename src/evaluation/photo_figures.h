// What a style does to photos, in figures: `toonmirror evaluate`.
#pragma once

#include <filesystem>
#include <map>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "datasets/face_photos.h"
#include "evaluation/photo_judge.h"
#include "face/landmarks.h"
#include "toon/toonifier.h"

namespace toonmirror::evaluation {

struct PhotoFiguresOptions {
  datasets::FacePhotoOptions photos;
  // A pack of training pairs to measure on instead; its pictures are the teacher's. Of `photos`, the index
  // alone is then used, for ages.
  std::filesystem::path pairs;
  // With an index or a pack: only those that no training sees (teachers::is_held_out).
  bool held_out_only = true;
  // Folder of the judging networks; empty: identity, LPIPS and KID are left out.
  std::filesystem::path nets;
  std::string teacher;              // also draws with this teacher and compares with it; empty: none
  std::filesystem::path reference;  // folder of pictures for KID; empty: none
  int threads = 1;
};

// One photo. Figures by name:
//   identity         cosine of the MobileFaceNet embeddings of photo and drawing
//   lpips            LPIPS-like distance of photo and drawing, at 256 px
//   nme              mean distance of dlib's 68 points in photo and drawing, in distances of the outer eye corners
//   nme_nose_mouth   the same of the nose and the corners of the mouth, which few teachers move
//   eyes             how much larger the drawing's eyes are than the photo's, by their outlines
//   departure        mean absolute difference of photo and drawing inside the face, 0 … 1
//   sharpness        mean gradient of the drawing inside the face, see evaluation/photo_judge.h
//   …_teacher        the same of the teacher's own picture
//   …_to_teacher     identity and lpips of drawing and teacher's picture, lpips in the drawing's size
struct PhotoFigures {
  std::string name;
  std::map<std::string, std::string> groups;  // "age" → "20-39", "skin" → "tan"
  Figures figures;
};

// How often the parser was right, per class of nets::FaceClass, over all pixels: [true class][parsed class].
using ParserCounts = cv::Matx<double, 11, 11>;

struct PhotoReport {
  std::vector<PhotoFigures> photos;    // in the order of the folder
  std::vector<std::string> left_out;   // one line each
  std::optional<double> kid;           // of the drawings against the reference pictures
  std::optional<ParserCounts> parser;  // where labels are known
};

// Throws Error where a folder, the index, a network or the teacher cannot be used, or no photo is left;
// Interrupted.
PhotoReport measure_photos(const PhotoFiguresOptions& options, const toon::Toonifier& toonifier,
                           const face::SharedLandmarkPredictor& predictor);

// What the reference pictures' features are, [N, 512]. Throws Error where there are fewer than two.
at::Tensor reference_features(const std::filesystem::path& folder, const PhotoJudge& judge);

// Intersection over union per class; NaN for classes that neither labels nor parser saw.
std::vector<double> intersection_over_union(const ParserCounts& counts);

// Bands of age: 0-9, 10-19, 20-39, 40-59, 60+.
std::string age_band(int years);

// The tone of the pixels of class skin by their individual typology angle (Chardon et al. 1991, "Skin colour
// typology and suntanning pathways"): light, intermediate, tan, dark. Lamps count as well as skin. `rgb`
// CV_8UC3, `labels` CV_8U of the same size; empty where too little skin is seen.
std::string skin_tone(const cv::Mat& rgb, const cv::Mat& labels);

// A picture of people, each a column: the photo, and below it what each style makes of it. At most `people`,
// the first ones that are held out. 160 px a tile. Throws as above.
cv::Mat contact_sheet(const PhotoFiguresOptions& options,
                      const std::vector<const toon::Toonifier*>& toonifiers, size_t people);

}  // namespace toonmirror::evaluation
