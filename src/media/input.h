// A media file opened for reading its packets; the video reader and the stream copier each have their own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "media/ffmpeg.h"

namespace toonmirror::media {

// Opens a local file by content (no network, no playlists of remote files) and hands out its packets in file
// order. Jumps in the time stamps of broadcast formats are closed, the same way for every reader of the same
// file.
class Input {
 public:
  // Throws Error with one clear line: missing, a folder, empty, unreadable, a still picture, not media.
  explicit Input(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const AVFormatContext& context() const { return *context_; }
  const AVStream& stream(int index) const { return *context_->streams[index]; }
  int stream_count() const { return static_cast<int>(context_->nb_streams); }

  // The video stream to be shown; -1 where there is none. Cover pictures do not count.
  int video_stream() const;

  // True for broadcast formats, whose clock may jump: what they say of their duration means little.
  bool may_jump() const { return may_jump_; }

  // From now on read() delivers these streams alone.
  void select(const std::vector<int>& streams);

  // False at the end. A read error ends the file, too: then read_error() tells. Throws Interrupted
  // (base/interrupt.h) after Ctrl-C.
  bool read(AVPacket& packet);
  // FFmpeg's text for the error that ended the file early; empty at a regular end.
  const std::string& read_error() const { return read_error_; }

 private:
  void close_time_jumps(AVPacket& packet);

  std::filesystem::path path_;
  InputContextPtr context_;
  bool may_jump_ = false;
  std::vector<bool> selected_;
  std::vector<int64_t> last_dts_;  // per stream, before the correction, in the stream's ticks
  int64_t correction_us_ = 0;
  std::string read_error_;
};

// True for streams that are a picture shown beside the sound (cover art, thumbnails), not a video.
bool is_cover(const AVStream& stream);

// Throws Error with one clear line when `path` is missing, a folder, empty or unreadable.
void check_readable(const std::filesystem::path& path);

}  // namespace toonmirror::media
