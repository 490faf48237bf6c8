// A walk through latent space as a video.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "toon/toonifier.h"

namespace toonmirror::app {

struct WalkOptions {
  double seconds = 8;
  int frames_per_second = 25;
  int size_px = 512;
};

// The codes of the largest face in each photo. Throws Error naming a photo without a face.
std::vector<toon::FaceCode> codes_of_photos(const toon::Toonifier& toonifier,
                                            const std::vector<std::string>& photos);

// A closed walk along `stops`: every frame mixes the neighbouring ones (latents and features), none more than
// half, so it shows nobody in particular; the view sways a little. Writes pictures without sound. Throws
// Error for fewer than 2 stops, more seconds than 600, or as media::VideoWriter.
void write_walk(const std::filesystem::path& path, const toon::Toonifier& toonifier,
                const std::vector<toon::FaceCode>& stops, const WalkOptions& options);

}  // namespace toonmirror::app
