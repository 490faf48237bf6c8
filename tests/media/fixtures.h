// Made-up pictures and clips, and a look into written files that does not go through the code under test.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "media/ffmpeg.h"
#include "media/frame.h"
#include "media/still.h"
#include "media/video_reader.h"
#include "media/video_writer.h"

namespace toonmirror::media::testing {

// A smooth colourful picture that moves with `index`.
inline std::vector<uint8_t> pattern(int width, int height, int index) {
  std::vector<uint8_t> rgb;
  rgb.reserve(static_cast<size_t>(width) * height * 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wave = std::sin(0.05 * (x + 3 * index) + c) + std::cos(0.04 * (y + 2 * index) + 2 * c);
        rgb.push_back(static_cast<uint8_t>(std::lround(128 + 55 * wave)));
      }
    }
  }
  return rgb;
}

inline StillImage pattern_still(int width, int height, int index) {
  StillImage image;
  image.width = width;
  image.height = height;
  image.rgb = pattern(width, height, index);
  return image;
}

struct ClipShape {
  int width = 64;
  int height = 48;
  std::vector<int64_t> pts{0, 40, 80, 120, 160};  // ms
  std::string codec = "auto";
  Rational sample_aspect{1, 1};
};

inline VideoInfo info_of(const ClipShape& shape) {
  VideoInfo info;
  info.width = shape.width;
  info.height = shape.height;
  info.sample_aspect = shape.sample_aspect;
  info.time_base = {1, 1000};
  info.frame_rate = {25, 1};
  info.pixel_format = "rgb24";
  return info;
}

inline Frame pattern_frame(const ClipShape& shape, int index) {
  Frame frame;
  frame.width = shape.width;
  frame.height = shape.height;
  frame.rgb = pattern(shape.width, shape.height, index);
  frame.pts = shape.pts[index];
  frame.duration = 40;
  frame.time_base = {1, 1000};
  frame.index = index;
  return frame;
}

inline void write_clip(const std::filesystem::path& path, const ClipShape& shape) {
  VideoWriterOptions options;
  options.codec = shape.codec;
  options.preset = "ultrafast";
  VideoWriter writer(path, info_of(shape), options);
  for (int i = 0; i < static_cast<int>(shape.pts.size()); ++i) writer.write(pattern_frame(shape, i));
  writer.commit();
}

inline std::vector<Frame> read_all(const std::filesystem::path& path) {
  VideoReader reader(path);
  std::vector<Frame> frames;
  Frame frame;
  while (reader.read(frame)) frames.push_back(frame);
  return frames;
}

inline std::vector<double> times_of(const std::vector<Frame>& frames) {
  std::vector<double> times;
  for (const Frame& frame : frames) times.push_back(frame.seconds());
  return times;
}

struct ConvertOptions {
  VideoWriterOptions writer{.preset = "ultrafast"};
  std::optional<Rect> paint = std::nullopt;  // filled with red in every frame
};

struct Converted {
  std::vector<std::string> notices;
  ReadWarnings warnings;
  int64_t frames = 0;
};

// The shortest use of reader and writer.
inline Converted convert(const std::filesystem::path& source, const std::filesystem::path& target,
                         const ConvertOptions& options = {}) {
  VideoReader reader(source);
  VideoWriter writer(target, reader.info(), options.writer);
  Converted result;
  Frame frame;
  while (reader.read(frame)) {
    if (options.paint) {
      const Rect area = *options.paint;
      for (int y = area.y; y < area.y + area.height; ++y) {
        for (int x = area.x; x < area.x + area.width; ++x) {
          uint8_t* pixel = &frame.rgb[(static_cast<size_t>(y) * frame.width + x) * 3];
          pixel[0] = 220;
          pixel[1] = pixel[2] = 40;
        }
      }
    }
    writer.write(frame, options.paint);
    ++result.frames;
  }
  writer.commit();
  result.notices = writer.notices();
  result.warnings = reader.warnings();
  return result;
}

inline double psnr(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i]) - b[i], 2);
  return sum == 0 ? 100.0 : 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.size()) / sum);
}

struct StoredPacket {
  double seconds = 0;
  std::string content;
};

struct StoredStream {
  AVMediaType type = AVMEDIA_TYPE_UNKNOWN;
  std::string codec, language;
  std::vector<StoredPacket> packets;
};

struct StoredFile {
  std::vector<StoredStream> streams;
  std::string title;
  std::vector<std::string> chapters;  // "0.000 First"

  std::vector<StoredStream> of_type(AVMediaType type) const {
    std::vector<StoredStream> found;
    for (const StoredStream& stream : streams) {
      if (stream.type == type) found.push_back(stream);
    }
    return found;
  }
};

inline std::string tag(const AVDictionary* tags, const char* key) {
  const AVDictionaryEntry* entry = av_dict_get(tags, key, nullptr, 0);
  return entry != nullptr ? entry->value : "";
}

// Every packet of a file, by libavformat alone.
inline StoredFile stored(const std::filesystem::path& path) {
  AVFormatContext* raw = nullptr;
  check(avformat_open_input(&raw, path.c_str(), nullptr, nullptr), path.string());
  const InputContextPtr context(raw);
  check(avformat_find_stream_info(raw, nullptr), path.string());
  StoredFile file;
  file.title = tag(raw->metadata, "title");
  for (unsigned i = 0; i < raw->nb_chapters; ++i) {
    const AVChapter& chapter = *raw->chapters[i];
    char start[32];
    std::snprintf(start, sizeof(start), "%.3f ",
                  static_cast<double>(chapter.start) * av_q2d(chapter.time_base));
    file.chapters.push_back(start + tag(chapter.metadata, "title"));
  }
  for (unsigned i = 0; i < raw->nb_streams; ++i) {
    const AVStream& stream = *raw->streams[i];
    file.streams.push_back({stream.codecpar->codec_type,
                            avcodec_get_name(stream.codecpar->codec_id),
                            tag(stream.metadata, "language"),
                            {}});
  }
  const PacketPtr packet = make_packet();
  while (av_read_frame(raw, packet.get()) >= 0) {
    const AVRational base = raw->streams[packet->stream_index]->time_base;
    file.streams[packet->stream_index].packets.push_back(
        {static_cast<double>(packet->pts) * av_q2d(base),
         std::string(reinterpret_cast<const char*>(packet->data), packet->size)});
    av_packet_unref(packet.get());
  }
  return file;
}

inline std::vector<std::string> contents(const StoredStream& stream) {
  std::vector<std::string> all;
  for (const StoredPacket& packet : stream.packets) all.push_back(packet.content);
  return all;
}

// The folder of sample clips: $TOONMIRROR_MEDIA, else ../shared/media beside the source tree; empty when
// there is none.
inline std::filesystem::path sample_folder() {
  const char* given = std::getenv("TOONMIRROR_MEDIA");
  const std::filesystem::path folder = given != nullptr && *given != '\0'
                                           ? std::filesystem::path(given)
                                           : std::filesystem::path(TOONMIRROR_SOURCE_DIR) / "../shared/media";
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

// The error message of `action`; empty when it does not throw.
template <typename Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace toonmirror::media::testing
