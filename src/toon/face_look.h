// How a face looks at a moment, whoever it is: to find two moments of two people that look alike.
#pragma once

#include <ATen/ATen.h>

namespace toonmirror::toon {

struct FaceLook {
  double yaw_deg = 0, pitch_deg = 0;
  double mouth = 0;  // how far its lips are apart, in widths of the mouth
  double smile = 0;  // width of the mouth by the distance of the eyes
  double eyes = 0;   // how far they are open, in widths of the eye
};

// mesh [478, 3], isotropic, z towards the viewer.
FaceLook look_of(const at::Tensor& mesh);

// 0 for the same look, 1 for what anybody would see. Eyes of two people, or of a photo and a drawing, are open by
// different widths: `usual_eyes` is how far those of `driving` mostly are, and the source's are taken to be as usual.
double look_distance(const FaceLook& source, const FaceLook& driving, double usual_eyes);

}  // namespace toonmirror::toon
