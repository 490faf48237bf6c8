// Choosing and opening the encoder of the pictures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "media/container.h"
#include "media/ffmpeg.h"
#include "media/video_reader.h"
#include "media/video_writer.h"

namespace toonmirror::media {

// What the user asked for, resolved for a container: which encoder, how good.
struct EncoderChoice {
  std::string name;  // "h264", "hevc", "vp9", "av1" or "ffv1"
  const AVCodec* codec = nullptr;
  int crf = 0;
  std::string preset;
  int threads = 1;
};

// Throws Error: unknown codec or preset, crf out of range, encoder missing in this FFmpeg, container cannot
// hold it.
EncoderChoice choose_encoder(const VideoWriterOptions& options, const Container& container);

// The pixel format to encode. H.264 gets 8-bit 4:2:0, which everything plays, or 4:4:4 where the size is odd,
// which 4:2:0 cannot express; the other codecs keep depth and chroma of the source as far as they can. Adds a
// notice where something is lost or unusual.
AVPixelFormat encoder_format(const EncoderChoice& choice, AVPixelFormat source, int width, int height,
                             std::vector<std::string>& notices);

// The shape of the stream to encode.
struct EncodedShape {
  AVPixelFormat format = AV_PIX_FMT_YUV420P;
  int width = 0;
  int height = 0;
  AVRational time_base{1, 1000};
  AVRational frame_rate{0, 1};
  AVRational sample_aspect{1, 1};
  ColourTags colour;
};

// Throws Error when the encoder refuses.
CodecContextPtr open_encoder(const EncoderChoice& choice, const EncodedShape& shape,
                             const Container& container);

}  // namespace toonmirror::media
