// Live pictures through FFmpeg's own readers: cameras (Video4Linux2) and network streams. Internal to this
// layer; see live_input.h.
#pragma once

#include "media/live_input.h"

namespace toonmirror::media {

std::unique_ptr<LiveInput> open_stream(const std::string& address, const std::atomic<bool>& cancelled);
std::unique_ptr<LiveInput> open_camera(const LiveInputOptions& options, const std::atomic<bool>& cancelled);

}  // namespace toonmirror::media
