// The part of a head that lies beyond the aligned square. The networks know FFHQ squares alone, which end
// above the crown and below the chin; hair, hats, ears and necks do not. What the style did to them inside of
// the square is measured there and done to the photo outside of it.
#pragma once

#include <opencv2/core.hpp>

#include "face/alignment.h"

namespace toonmirror::toon {

// A view of more than the square. Lengths are shares of the square's side.
struct WideView {
  static constexpr double kAbove = 0.25, kBeside = 0.375, kBelow = 0.5;  // what is seen more
  static constexpr double kSide = 1.75;

  face::Alignment alignment;
  cv::Mat photo;    // CV_8UC3, of the alignment's size
  cv::Mat parsing;  // CV_32FC(11), square, any size: the parser's probabilities in this view
};

face::FaceSquare widened(const face::FaceSquare& square);

// Where the square lies in its wide view of wide_px pixels a side.
cv::Rect square_in_wide(int wide_px);

// Both parsings in one, CV_32FC(11) of the wide view: the square's own, which sees more, inside of it, with a
// soft border. Its resolution is that of `in_square`. Outside, hair is believed only where `wide_photo`
// (CV_8UC3) has a colour that hair has in the square.
cv::Mat merged_parsing(const cv::Mat& in_square, const cv::Mat& in_wide, const cv::Mat& wide_photo);

// How many pixels a side a wide view should have for a square of `square_px` in the frame, drawn at
// drawing_px: no more than frame and drawing show.
int wide_size_px(double square_px, int drawing_px);

// The drawing of the wide view, CV_8UC3, kSide times as large as `drawing`. In the square it is `drawing`.
// Outside, hair and skin have the tones that the drawing gives to hair and skin as light as they are (by
// histogram specification, Gonzalez and Woods, section 3.3), plus the difference that is left along the
// border of the square, fading away from it; tones lighter or darker than any hair or skin of the square stay as far
// from these as they are. What is neither hair nor skin, a share of every pixel of a soft border, is that of
// `surroundings`: what the head is laid on, of wide_photo's size. `photo_crop`: what was drawn, in the drawing's shapes.
// `parsing`: merged_parsing.
cv::Mat carried_beyond(const cv::Mat& drawing, const cv::Mat& photo_crop, const cv::Mat& wide_photo,
                       const cv::Mat& surroundings, const cv::Mat& parsing);

}  // namespace toonmirror::toon
