// What a container and the first decoded picture say of a video.
#pragma once

#include "base/error.h"
#include "media/input.h"
#include "media/orientation.h"
#include "media/video_reader.h"

namespace toonmirror::media {

// The turn that the container demands of the pictures of this stream.
Orientation stream_orientation(const AVStream& stream);

// Everything the container tells; size, pixel format, colours and first_pts are left for the first picture.
VideoInfo describe_container(const Input& input, int stream_index);

// Adds what the first picture (upright) tells.
void describe_picture(const Input& input, int stream_index, const AVFrame& picture, VideoInfo& info);

// The message for a file without a video stream.
Error no_video_stream(const Input& input);

}  // namespace toonmirror::media
